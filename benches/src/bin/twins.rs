//! A program that is built twice for the machine-code tests: under the guard, and bare (feature `bare`).
//!
//! Both are compiled from these lines and differ only in the attribute, the closure around a body and the allocator;
//! so they can be compared function by function, and nothing can fold two twins into one. Every twin is a function of
//! its own, found by its name.

use std::env;
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

#[cfg(not(feature = "bare"))]
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[cfg(feature = "bare")]
#[global_allocator]
static ALLOC: std::alloc::System = std::alloc::System;

/// Protects an expression in one twin.
#[cfg(not(feature = "bare"))]
macro_rules! protected {
    ($body:expr) => {
        qadapt::assert_no_alloc(|| $body)
    };
}
#[cfg(feature = "bare")]
macro_rules! protected {
    ($body:expr) => {
        $body
    };
}

/// Permits in an expression in one twin.
#[cfg(not(feature = "bare"))]
macro_rules! permitted {
    ($body:expr) => {
        qadapt::permit_alloc(|| $body)
    };
}
#[cfg(feature = "bare")]
macro_rules! permitted {
    ($body:expr) => {
        $body
    };
}

#[cfg_attr(not(feature = "bare"), qadapt::allocate_panic)]
#[inline(never)]
fn twin_plain(samples: &[f32], limit: f32) -> f32 {
    let mut peak = 0.0_f32;
    for sample in samples {
        peak = peak.max(sample.abs());
        if peak > limit {
            return limit;
        }
    }
    peak
}

#[cfg_attr(not(feature = "bare"), qadapt::allocate_panic)]
#[inline(never)]
fn twin_question_mark(digits: &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for digit in digits {
        let digit = char::from(*digit).to_digit(10)?;
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    Some(number)
}

/// A queue of a fixed size.
struct Ring<T, const N: usize> {
    slots: [T; N],
    next: usize,
}

impl<T: Copy, const N: usize> Ring<T, N> {
    #[cfg_attr(not(feature = "bare"), qadapt::allocate_panic)]
    #[inline(never)]
    fn twin_generic_method(&mut self, value: T) -> T {
        let last = self.slots[self.next % N];
        self.slots[self.next % N] = value;
        self.next += 1;
        last
    }
}

trait Voice {
    fn level(&self) -> u64;

    #[cfg_attr(not(feature = "bare"), qadapt::no_alloc(name = "voice"))]
    #[inline(never)]
    fn twin_default_method(&self, by: u64) -> u64 {
        self.level() * by
    }
}

impl Voice for u64 {
    #[inline(never)]
    fn level(&self) -> u64 {
        black_box(*self)
    }
}

#[cfg_attr(not(feature = "bare"), qadapt::permit_alloc)]
#[inline(never)]
fn twin_permit(value: u64) -> Vec<u64> {
    vec![value]
}

/// A future that is ready at its second poll.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn bare_sum(values: &[u64]) -> u64 {
    let mut sum = 0;
    for value in values {
        Yield(false).await;
        sum += black_box(*value);
    }
    sum
}

#[cfg_attr(not(feature = "bare"), qadapt::allocate_panic)]
async fn sum(values: &[u64]) -> u64 {
    let mut sum = 0;
    for value in values {
        Yield(false).await;
        sum += black_box(*value);
    }
    sum
}

#[inline(never)]
fn twin_async(values: &[u64]) -> u64 {
    run(pin!(sum(values)))
}

/// Polls a future to its end.
#[inline(always)]
fn run<T>(mut future: Pin<&mut impl Future<Output = T>>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(sum) = future.as_mut().poll(&mut context) {
            return sum;
        }
    }
}

/// What the attribute makes of the future itself, without the function around it.
#[inline(never)]
fn twin_future(values: &[u64]) -> u64 {
    #[cfg(not(feature = "bare"))]
    const PLACE: qadapt::__private::Place = qadapt::__private::Place::named("sum");
    #[cfg(not(feature = "bare"))]
    let future = qadapt::__private::guard_future(PLACE, bare_sum(values));
    #[cfg(feature = "bare")]
    let future = bare_sum(values);
    run(pin!(future))
}

#[inline(never)]
fn twin_closure(values: &mut [u64]) -> usize {
    let mut written = 0;
    protected!(for value in values.iter_mut() {
        *value = black_box(*value) + 1;
        written += 1;
    });
    written
}

#[inline(never)]
fn twin_nested(value: u64) -> u64 {
    protected!(black_box(value) + protected!(black_box(value)) + permitted!(*black_box(Box::new(value))))
}

#[inline(never)]
fn twin_calls(value: u64) -> u64 {
    #[cfg(not(feature = "bare"))]
    qadapt::enter_protected();
    let value = black_box(value);
    #[cfg(not(feature = "bare"))]
    qadapt::exit_protected();
    value
}

#[inline(never)]
fn twin_pair(value: u64) {
    drop(black_box(Box::new(value)));
}

#[inline(never)]
fn twin_grow(values: &mut Vec<u64>) {
    values.reserve_exact(black_box(100));
    *values = black_box(vec![0; 100]);
}

/// Uses every twin, so that none is left out of the program; prints whether the guard is active. With an argument it is done
/// at once: what is left is the start and the end of a process.
fn main() -> ExitCode {
    if env::args_os().len() > 1 {
        return ExitCode::SUCCESS;
    }
    let mut ring = Ring { slots: [0_u16; 4], next: 0 };
    let mut values = vec![1, 2, 3];
    twin_grow(&mut values);
    twin_pair(1);
    black_box(twin_plain(black_box(&[0.5, -1.0]), 2.0));
    black_box(twin_question_mark(black_box(b"12")));
    black_box(ring.twin_generic_method(black_box(7)));
    black_box(black_box(2_u64).twin_default_method(3));
    black_box(twin_permit(4));
    black_box(twin_async(&values));
    black_box(twin_future(&values));
    black_box(twin_closure(&mut values));
    black_box(twin_nested(5));
    black_box(twin_calls(6));
    println!("{}", if qadapt::is_active() { "on" } else { "off" });
    ExitCode::SUCCESS
}
