//! Adding to a figure so that what a signal handler adds meanwhile is not lost.

use core::cell::Cell;
use core::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering, compiler_fence};

/// Optimised code adds in one instruction, which no signal divides; in other builds an atomic addition does.
const IS_DIVIDED: bool = cfg!(debug_assertions);

/// Keeps the compiler from holding the sum in a register for whoever reads the figure next: then it would load, add and store.
#[inline(always)]
fn undivided(add: impl FnOnce()) {
    compiler_fence(Ordering::SeqCst);
    add();
    compiler_fence(Ordering::SeqCst);
}

#[inline(always)]
#[expect(unsafe_code, reason = "a thread's own figure is no atomic")]
pub(super) fn add(figure: &Cell<u64>, more: u64) {
    if IS_DIVIDED {
        // SAFETY: the cell is alive and aligned, and no reference to what is in it exists; only this thread reaches it.
        let figure = unsafe { AtomicU64::from_ptr(figure.as_ptr()) };
        // Relaxed: only this thread reads it.
        figure.fetch_add(more, Ordering::Relaxed);
    } else {
        undivided(|| figure.set(figure.get().wrapping_add(more)));
    }
}

#[inline(always)]
#[expect(unsafe_code, reason = "a thread's own figure is no atomic")]
pub(super) fn change(figure: &Cell<i64>, by: i64) {
    if IS_DIVIDED {
        // SAFETY: as in `add`.
        let figure = unsafe { AtomicI64::from_ptr(figure.as_ptr()) };
        // Relaxed: only this thread reads it.
        figure.fetch_add(by, Ordering::Relaxed);
    } else {
        undivided(|| figure.set(figure.get().wrapping_add(by)));
    }
}

/// Adds, or takes away as far as 0; gives what it is then.
#[expect(unsafe_code, reason = "as above")]
pub(super) fn change_and_get(figure: &Cell<u64>, by: i64) -> u64 {
    // SAFETY: as in `add`.
    let figure = unsafe { AtomicU64::from_ptr(figure.as_ptr()) };
    let changed = |count: u64| count.saturating_add_signed(by);
    // Relaxed: only this thread reads it.
    figure.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| Some(changed(count))).map_or(0, changed)
}

/// Sets bits, or takes them away.
#[expect(unsafe_code, reason = "a thread's own bits are no atomic")]
pub(super) fn set_bits(bits: &Cell<u8>, which: u8, are_set: bool) {
    // SAFETY: as in `add`.
    let bits = unsafe { AtomicU8::from_ptr(bits.as_ptr()) };
    // Relaxed: only this thread reads them.
    if are_set {
        bits.fetch_or(which, Ordering::Relaxed);
    } else {
        bits.fetch_and(!which, Ordering::Relaxed);
    }
}
