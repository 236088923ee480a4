//! Channels, tasks, threads.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use qadapt::assert_no_alloc;
use tokio::runtime::{Builder, Runtime};

use crate::seen::shown;

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
    let (sender, receiver) = futures_channel::mpsc::unbounded();
    shown("unbounded-send", || assert_no_alloc(|| sender.unbounded_send(1_u32)).expect("it is open"));
    drop(receiver);
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
