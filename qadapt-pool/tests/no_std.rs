//! A runtime made by hand, without std and without a heap: an array of futures in a pool, and a bit for each that is woken.
#![no_std]
#![expect(unsafe_code, reason = "a waker made by hand")]

use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;
use core::ptr::without_provenance;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use qadapt_pool::{Bytes, LocalPoolFuture, Pool};

/// The tasks that are to be polled: a bit each.
static WOKEN: AtomicUsize = AtomicUsize::new(0);

const TABLE: RawWakerVTable = RawWakerVTable::new(|task| RawWaker::new(task, &TABLE), wake, wake, |_| {});

fn wake(task: *const ()) {
    WOKEN.fetch_or(1 << task.addr(), Ordering::SeqCst);
}

fn waker(task: usize) -> Waker {
    // SAFETY: the functions of the table use the number alone.
    unsafe { Waker::from_raw(RawWaker::new(without_provenance(task), &TABLE)) }
}

/// Runs tasks until all are done; the number of polls.
fn run<const N: usize>(mut tasks: [Option<LocalPoolFuture<'_, ()>>; N]) -> usize {
    let mut polls = 0;
    WOKEN.store((1 << N) - 1, Ordering::SeqCst);
    while tasks.iter().any(Option::is_some) {
        let woken = WOKEN.swap(0, Ordering::SeqCst);
        assert_ne!(woken, 0, "all tasks sleep");
        for (number, task) in tasks.iter_mut().enumerate().filter(|(number, _)| woken >> number & 1 == 1) {
            let Some(future) = task else { continue };
            polls += 1;
            if future.as_mut().poll(&mut Context::from_waker(&waker(number))).is_ready() {
                *task = None;
            }
        }
    }
    polls
}

/// Pending once.
#[derive(Default)]
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if core::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Pending so often, then the time is up.
struct Timer(u32);

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

static TASKS: Pool<Bytes<512>, 4> = Pool::new();
static FRAMES: Pool<[u8; 32], 1> = Pool::new();

fn task<'f>(future: impl Future<Output = ()> + 'f) -> LocalPoolFuture<'f, ()> {
    let block = TASKS.try_take().expect("four are enough").into_block();
    let Ok(future) = block.put(future) else { panic!("the future is larger than its slot") };
    future.into_local_future_object()
}

#[test]
fn tasks_take_turns_with_one_frame() {
    let turns = Cell::new(0);
    let late = Cell::new(false);
    let frame = async |number: u8| {
        for turn in 0..3 {
            let frame = FRAMES.take().await.put([number; 32]);
            // Turns go round: nobody has two before all have one.
            assert_eq!(turns.get() / 3, turn);
            turns.set(turns.get() + 1);
            Yield::default().await;
            assert_eq!(*frame, [number; 32]);
        }
    };
    let impatient = async {
        Yield::default().await;
        late.set(FRAMES.take_timeout(Timer(1)).await.is_err());
    };
    let polls =
        run([Some(task(frame(1))), Some(task(frame(2))), Some(task(frame(3))), Some(task(impatient))]);
    assert_eq!(turns.get(), 9);
    assert!(late.get(), "the timer came first");
    assert!(polls < 60, "a task is polled when it is woken, and not otherwise: {polls}");
    assert_eq!((TASKS.available(), FRAMES.available()), (4, 1));
}
