//! Channels, tasks, threads.

use std::hint::black_box;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;

use qadapt::assert_no_alloc;
use tokio::runtime::{Builder, Runtime};

use crate::seen::{followed, shown};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

#[test]
fn channels_of_std() {
    shown("channel-create", || drop(assert_no_alloc(mpsc::channel::<u32>)));
    shown("channel-create", || drop(assert_no_alloc(|| mpsc::sync_channel::<u32>(black_box(4)))));
    let (sender, receiver) = mpsc::channel();
    shown("channel-send", || {
        assert_no_alloc(|| (0..40).try_for_each(|n| sender.send(n))).expect("it is open");
    });
    shown("channel-receive", || {
        assert_no_alloc(|| (0..40).for_each(|_| _ = black_box(receiver.recv().expect("40 were sent"))));
    });
}

#[test]
fn channels_of_async_libraries() {
    shown("channel-create", || drop(assert_no_alloc(tokio::sync::mpsc::unbounded_channel::<u32>)));
    shown("oneshot", || drop(assert_no_alloc(tokio::sync::oneshot::channel::<u32>)));
    shown("oneshot", || drop(assert_no_alloc(futures_channel::oneshot::channel::<u32>)));
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    shown("unbounded-send", || {
        assert_no_alloc(|| (0..40).try_for_each(|n| sender.send(n))).expect("it is open");
    });
    drop(receiver);
    let (mut sender, receiver) = futures_channel::mpsc::unbounded();
    shown("unbounded-send", || assert_no_alloc(|| sender.unbounded_send(1_u32)).expect("it is open"));
    shown("unbounded-send", || assert_no_alloc(|| sender.start_send(2)).expect("it is open"));
    drop(receiver);
}

/// A bound is no room: Tokio's makes blocks where the receiver falls behind, futures' a node for each message.
#[test]
fn bounded_channels_of_async_libraries() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1000);
    shown("bounded-send", || {
        assert_no_alloc(|| (0..40).try_for_each(|n| sender.try_send(n))).expect("there is room");
    });
    shown("bounded-send", || {
        assert!(polled(async { (0..40).for_each(|_| sender.try_reserve().expect("room").send(1)) }));
    });
    shown("bounded-send", || {
        assert!(polled(async {
            for n in 0..100 {
                sender.send(n).await.expect("it is open");
            }
        }));
    });
    while receiver.try_recv().is_ok() {}
    // Some blocks are there now, and stay while the receiver keeps up.
    followed(|| {
        assert_no_alloc(|| {
            for n in 0..1000 {
                sender.try_send(n).expect("there is room");
                assert_eq!(receiver.try_recv(), Ok(n));
            }
        });
    });
    let (mut sender, receiver) = futures_channel::mpsc::channel(100);
    shown("bounded-send", || assert_no_alloc(|| sender.try_send(1_u32)).expect("there is room"));
    shown("bounded-send", || assert_no_alloc(|| sender.start_send(2)).expect("there is room"));
    drop(receiver);
}

/// `smol::channel` is the crate `async_channel`.
#[test]
fn what_async_channels_are_advised_has_room() {
    let (sender, receiver) = smol::channel::bounded(100);
    sender.try_send(0).expect("there is room");
    assert_eq!(receiver.try_recv(), Ok(0));
    followed(|| {
        assert_no_alloc(|| {
            (0..100).try_for_each(|n| sender.try_send(n)).expect("there is room");
            (0..100).for_each(|n| assert_eq!(receiver.try_recv(), Ok(n)));
        });
    });
    followed(|| {
        assert!(polled(async {
            for n in 0..100 {
                sender.send(n).await.expect("there is room");
            }
            for n in 0..100 {
                assert_eq!(receiver.recv().await, Ok(n));
            }
        }));
    });
}

/// Polls a future once in a region; true if it is ready.
fn polled(future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    let context = &mut Context::from_waker(Waker::noop());
    assert_no_alloc(|| future.as_mut().poll(context)).is_ready()
}

#[test]
fn tasks_and_threads() {
    let runtime = runtime();
    shown("task-spawn", || drop(assert_no_alloc(|| runtime.spawn(async { black_box(3) }))));
    shown("thread-spawn", || {
        let thread = assert_no_alloc(|| thread::spawn(|| black_box(3)));
        assert_eq!(thread.join().expect("it ends well"), 3);
    });
}
