//! The thread's word: one thread-local integer that says whether anything watches this thread.
//!
//! Zero means that nothing does: the allocator tests for that and nothing else. The low half counts the open plain
//! regions, so that entering one is an increment; the upper half holds flags. The sign bit sends the *edges* of
//! regions to their slow path: an increment or decrement that leaves the word negative tells so for free.
//!
//! Increment and decrement are not atomic against a signal handler, and need not be: a handler leaves the word as it
//! found it but for [`ATTENTION`], whose reasons are kept elsewhere and looked up again at the next slow edge.

use core::cell::Cell;

/// One open plain region.
pub(crate) const LEVEL: i64 = 1;
/// The number of open plain regions.
pub(crate) const LEVELS: i64 = 0xFFFF_FFFF;
/// A counting region is open: events go into the thread's counters.
pub(crate) const COUNTING: i64 = 1 << 32;
/// This thread is inside QADAPT's handling of an event; a second event is a signal handler's.
pub(crate) const BUSY: i64 = 1 << 60;
/// The next allocation is the probe that tells whether QADAPT is the global allocator.
pub(crate) const PROBE: i64 = 1 << 61;
/// Nothing has touched the guard on this thread yet.
pub(crate) const UNLINKED: i64 = 1 << 62;
/// The edges of regions take their slow path.
pub(crate) const ATTENTION: i64 = i64::MIN;

thread_local! {
    static WORD: Cell<i64> = const { Cell::new(UNLINKED | ATTENTION) };
}

/// The word. Zero where the thread-local cannot be had: then nothing is watched.
#[inline(always)]
pub(crate) fn get() -> i64 {
    WORD.try_with(Cell::get).unwrap_or(0)
}

#[inline(always)]
pub(crate) fn set(word: i64) {
    let _ = WORD.try_with(|cell| cell.set(word));
}

/// Adds to the word (a negative delta subtracts) and returns the new value.
#[inline(always)]
pub(crate) fn add(delta: i64) -> i64 {
    WORD.try_with(|cell| {
        let word = cell.get().wrapping_add(delta);
        cell.set(word);
        word
    })
    .unwrap_or(0)
}

/// Runs QADAPT's own work: what it asks of the allocator is neither counted nor a violation.
pub(crate) fn as_own_work<R>(work: impl FnOnce() -> R) -> R {
    /// Puts the word back, also where the work unwinds.
    struct Restore(i64);
    impl Drop for Restore {
        fn drop(&mut self) {
            set(self.0);
        }
    }

    let _restore = Restore(get());
    set(0);
    work()
}
