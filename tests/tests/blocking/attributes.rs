//! Regions by attribute.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use qadapt::{Mode, allocate_panic, nonblocking};
use qadapt_tests::watching_calls;

#[nonblocking]
fn plain() {
    thread::sleep(Duration::from_micros(1));
    drop(std::hint::black_box(vec![1]));
}

#[nonblocking(allow(sleep, yield), mode = "count")]
fn lenient() {
    thread::sleep(Duration::from_micros(1));
    thread::yield_now();
    drop(std::fs::metadata("/"));
}

#[allocate_panic(nonblocking, allow(dealloc, sleep), mode = "count")]
fn both() {
    thread::sleep(Duration::from_micros(1));
    thread::yield_now();
    drop(std::hint::black_box(vec![1]));
}

#[allocate_panic]
#[nonblocking]
fn nested() {
    thread::yield_now();
    drop(std::hint::black_box(vec![1]));
}

#[nonblocking]
async fn task() -> u8 {
    thread::yield_now();
    5
}

#[nonblocking(future, name = "made")]
fn made() -> impl Future<Output = ()> {
    thread::yield_now();
    async { thread::yield_now() }
}

#[test]
fn attributes_make_such_regions() {
    if !watching_calls() {
        return;
    }
    qadapt::set_mode(Mode::Count);
    let seen = |body: &dyn Fn()| {
        let before = qadapt::violations();
        body();
        qadapt::violations() - before
    };
    assert_eq!(seen(&plain), 1);
    assert_eq!(seen(&lenient), 1);
    // The second call and the allocation.
    assert_eq!(seen(&both), 2);
    // The call, and two of the allocator.
    assert_eq!(seen(&nested), 3);
    let mut context = Context::from_waker(Waker::noop());
    let mut task = Box::pin(task());
    let before = qadapt::violations();
    assert_eq!(task.as_mut().poll(&mut context), Poll::Ready(5));
    assert_eq!(qadapt::violations(), before + 1);
    let mut made = Box::pin(made());
    assert_eq!(qadapt::violations(), before + 1);
    assert_eq!(made.as_mut().poll(&mut context), Poll::Ready(()));
    assert_eq!(qadapt::violations(), before + 2);
}

#[cfg(any(debug_assertions, feature = "enforce"))]
#[qadapt::test(nonblocking)]
fn a_test_that_does_not_wait() {
    assert_eq!("5".parse(), Ok(5));
}

#[cfg(any(debug_assertions, feature = "enforce"))]
#[qadapt::test(nonblocking, mode = "panic")]
#[should_panic(expected = "blocking call of sched_yield (yield) in the protected region")]
fn a_test_that_waits_fails() {
    thread::yield_now();
}
