//! Regions that may not wait, may not allocate, or neither.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use qadapt::{GuardExt as _, Ops, Policy, QADAPT, assert_no_alloc, no_blocking, nonblocking};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

static GAIN: Mutex<u64> = Mutex::new(3);
const QUIET: Policy = Policy::no_blocking();
const STRICT: Policy = Policy::no_blocking().disallow(Ops::ALL);

fn main() {
    let number = black_box(4);
    let sum = attribute_tries(number)
        + attribute_locks(number)
        + closure_tries(number)
        + closure_locks(number)
        + policy_tries(number)
        + policy_sleeps(number)
        + strict_tries(number)
        + strict_boxes(number)
        + memory_locks(number)
        + poll(pin!(future_tries(number)))
        + poll(pin!(future_locks(number)))
        + poll(pin!(future_policy_boxes(number)))
        + poll(pin!(future_policy_sleeps(number)))
        + poll(pin!(future_strict_boxes(number)))
        + poll(pin!(future_memory_locks(number)))
        + poll(pin!(async_tries(number)))
        + poll(pin!(async_sleeps(number)));
    println!("{sum}");
}

/// Nobody calls it.
#[allow(dead_code)]
#[nonblocking]
fn left_out(number: u64) -> u64 {
    number
}

#[inline(never)]
#[nonblocking]
fn attribute_tries(number: u64) -> u64 {
    GAIN.try_lock().map_or(number, |gain| *gain)
}

#[inline(never)]
#[nonblocking]
fn attribute_locks(number: u64) -> u64 {
    GAIN.lock().map_or(number, |gain| *gain + 5)
}

#[inline(never)]
fn closure_tries(number: u64) -> u64 {
    let gain = GAIN.lock().map_or(0, |gain| *gain);
    no_blocking(|| GAIN.try_lock().map_or(number, |now| *now + gain))
}

#[inline(never)]
fn closure_locks(number: u64) -> u64 {
    no_blocking(|| GAIN.lock().map_or(number, |gain| *gain))
}

#[inline(never)]
fn policy_tries(number: u64) -> u64 {
    QUIET.run(|| GAIN.try_lock().map_or(number, |gain| *gain + 1))
}

#[inline(never)]
fn policy_sleeps(number: u64) -> u64 {
    QUIET.run(|| {
        std::thread::sleep(Duration::from_millis(1));
        number
    })
}

#[inline(never)]
fn strict_tries(number: u64) -> u64 {
    STRICT.run(|| GAIN.try_lock().map_or(number, |gain| *gain + 2))
}

#[inline(never)]
fn strict_boxes(number: u64) -> u64 {
    STRICT.run(|| *black_box(Box::new(number)))
}

#[inline(never)]
fn memory_locks(number: u64) -> u64 {
    assert_no_alloc(|| GAIN.lock().map_or(number, |gain| *gain + 3))
}

/// Polls once. It does not know what, so that each future's poll is a function.
#[inline(never)]
fn poll(future: Pin<&mut dyn Future<Output = u64>>) -> u64 {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(number) => number,
        Poll::Pending => 0,
    }
}

fn future_tries(number: u64) -> impl Future<Output = u64> {
    async move { GAIN.try_lock().map_or(number, |gain| *gain + 4) }.no_blocking()
}

fn future_locks(number: u64) -> impl Future<Output = u64> {
    async move { GAIN.lock().map_or(number, |gain| *gain + 6) }.no_blocking()
}

fn future_policy_boxes(number: u64) -> impl Future<Output = u64> {
    QUIET.wrap(async move { *black_box(Box::new(number + 2)) })
}

fn future_policy_sleeps(number: u64) -> impl Future<Output = u64> {
    QUIET.wrap(async move {
        std::thread::sleep(Duration::from_millis(2));
        number
    })
}

fn future_strict_boxes(number: u64) -> impl Future<Output = u64> {
    STRICT.wrap(async move { *black_box(Box::new(number + 3)) })
}

fn future_memory_locks(number: u64) -> impl Future<Output = u64> {
    async move { GAIN.lock().map_or(number, |gain| *gain + 7) }.no_alloc()
}

#[nonblocking]
async fn async_tries(number: u64) -> u64 {
    GAIN.try_lock().map_or(number, |gain| *gain + 8)
}

#[nonblocking]
async fn async_sleeps(number: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(3));
    number
}
