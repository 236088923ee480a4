//! Which blocks are followed, and how many each of them stands for.
//!
//! Asked for all, each is. Else the [interval](qadapt_trace::interval) tells, which grows with the bytes of all blocks: one that
//! is as large is followed and stands for itself, and smaller ones are drawn by the thread's [stretches](Stretch) of that length. At
//! first the interval is one byte, so that in a small program each block is followed.
//!
//! ```text
//! bytes so far    0         8 KiB     16 KiB    32 KiB   ..   2 GiB
//! interval        1 byte      2 bytes   4 bytes   8 bytes  ..   512 KiB from there on
//! ```
//!
//! The interval does not depend on where points came to lie, so that what is estimated stays right on average. (Horvitz and Thompson, "A
//! Generalization of Sampling Without Replacement From a Finite Universe", 1952.)

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use qadapt_trace::flags;

use super::current::Trace;
use crate::hot::stretch::Stretch;

/// Each block is followed. Relaxed: set before `main` only.
static ALL: AtomicBool = AtomicBool::new(false);

/// The line of bytes of a thread's blocks that are smaller than the interval.
struct Line {
    /// Bytes before the next point.
    left: Cell<i64>,
    stretch: Cell<Stretch>,
}

thread_local! {
    static LINE: Line = const { Line { left: Cell::new(0), stretch: Cell::new(Stretch::new()) } };
}

/// Has each block followed.
pub(super) fn follow_all() {
    ALL.store(true, Ordering::Relaxed);
}

/// True if each block is followed.
#[inline(always)]
pub(super) fn follows_all() -> bool {
    ALL.load(Ordering::Relaxed)
}

/// How many blocks of its size a block stands for; 0 where it is not followed.
#[inline]
pub(super) fn weight(trace: &Trace, size: usize) -> u64 {
    if follows_all() {
        return 1;
    }
    let size = size as u64;
    let interval = trace.block_offered(size);
    if size >= interval {
        return 1;
    }
    trace.set_flags(flags::LEFT_OUT);
    LINE.try_with(|line| {
        // A size is below `isize::MAX`.
        let left = line.left.get().wrapping_sub_unsigned(size);
        line.left.set(left);
        if left < 0 { line.pass(left, size, interval) } else { 0 }
    })
    .unwrap_or(0)
}

/// There is no block of this size: its bytes do not count among those of all blocks.
pub(super) fn refused(trace: &Trace, size: usize) {
    if !follows_all() {
        trace.block_refused(size as u64);
    }
}

impl Line {
    #[cold]
    #[inline(never)]
    fn pass(&self, left: i64, size: u64, interval: u64) -> u64 {
        let mut stretch = self.stretch.get();
        let (left, bytes) = stretch.pass(left, size, interval);
        let weight = stretch.rounded(bytes, size);
        self.left.set(left);
        self.stretch.set(stretch);
        weight
    }
}
