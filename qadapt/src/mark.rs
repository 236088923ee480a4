//! Marks: how `cargo qadapt prove` finds protected regions in a binary.
//!
//! In a build with `QADAPT_MARKS=1` each region's own code is one function, an instance of one of these; their paths
//! are what the prover looks for. In every other build they are inlined and leave nothing behind.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Runs a region's closure.
#[cfg_attr(qadapt_marks, inline(never))]
#[cfg_attr(not(qadapt_marks), inline(always))]
pub fn region<R, F: FnOnce() -> R>(body: F) -> R {
    body()
}

/// Runs the closure of a region that must be proven: `#[allocate_panic(prove)]`.
#[cfg_attr(qadapt_marks, inline(never))]
#[cfg_attr(not(qadapt_marks), inline(always))]
pub fn required<R, F: FnOnce() -> R>(body: F) -> R {
    body()
}

/// Polls a protected future.
#[cfg_attr(qadapt_marks, inline(never))]
#[cfg_attr(not(qadapt_marks), inline(always))]
pub fn poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}
