//! Which blocks are sampled: those that a thread's [stretches](crate::hot::stretch) have points in.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::hot::stretch::Stretch;
use crate::hot::word;

/// Bytes from one sample to the next, on average, until somebody sets others: 512 KiB, as in Go and jemalloc.
const INITIAL: u64 = 1 << 19;

/// The length of stretches in bytes; 0 where nothing is sampled. Relaxed: threads learn of a change at their next stretch.
static INTERVAL: AtomicU64 = AtomicU64::new(INITIAL);

thread_local! {
    static STRETCH: Cell<Stretch> = const { Cell::new(Stretch::new()) };
}

/// The interval in bytes; 0 where nothing is sampled.
pub(crate) fn interval() -> u64 {
    INTERVAL.load(Ordering::Relaxed)
}

/// True if anything is sampled.
pub(in crate::hot) fn is_on() -> bool {
    interval() > 0
}

/// Sets it.
pub(crate) fn set_interval(bytes: u64) {
    INTERVAL.store(bytes.min(LONGEST), Ordering::Relaxed);
}

/// Beyond, a distance would be no `i64`.
const LONGEST: u64 = 1 << 60;

/// A block of so many bytes is allocated: true if a point may lie in it, which [`take`] tells.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn spend(size: usize) -> bool {
    // Bytes before the next point; negative once it has been passed. The first block of a thread finds out that there is no stretch yet.
    word::with_left(|left| {
        // A size is below `isize::MAX`.
        let now = left.get().wrapping_sub_unsigned(size as u64);
        left.set(now);
        now < 0
    })
    .unwrap_or(false)
}

/// The same of a block that was found in another way: true if [`spend`] has been so.
pub(super) fn is_due() -> bool {
    word::with_left(Cell::get).unwrap_or(0) < 0
}

/// A thread is sampled again that was not: where it is in no stretch, its next block begins one.
pub(super) fn restart() {
    if STRETCH.try_with(Cell::get).is_ok_and(|stretch| stretch.is_none()) {
        let _ = word::with_left(|left| left.set(0));
    }
}

/// For how many bytes the block stands that was [spent](spend); 0 where no point lies in it.
pub(super) fn take(size: usize) -> u64 {
    let Some(left) = word::with_left(Cell::get) else { return 0 };
    let Ok(mut stretch) = STRETCH.try_with(Cell::get) else { return 0 };
    let (left, bytes) = stretch.pass(left, size as u64, interval());
    let _ = STRETCH.try_with(|cell| cell.set(stretch));
    let _ = word::with_left(|cell| cell.set(left));
    bytes
}
