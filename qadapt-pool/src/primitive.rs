//! What the shelf is made of: core's atomics (or `portable-atomic`'s), a cell, a hint where to begin, a section.
//!
//! `tests/loom/` compiles the files that use this module against another one, whose atomics and cells loom explores.
#![cfg_attr(
    feature = "critical-section",
    expect(unsafe_code, reason = "a critical section is entered and left by hand")
)]

use core::cell::UnsafeCell;
pub(crate) use core::hint::spin_loop;
#[cfg(not(feature = "portable-atomic"))]
pub(crate) use core::sync::atomic::{AtomicUsize, Ordering, fence};
#[cfg(feature = "portable-atomic")]
pub(crate) use portable_atomic::{AtomicUsize, Ordering, fence};

/// A cell that gives out a pointer for the time of a call; loom's has the same method.
pub(crate) struct Cell<T>(UnsafeCell<T>);

impl<T> Cell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, work: impl FnOnce(*mut T) -> R) -> R {
        work(self.0.get())
    }
}

/// Orders what comes before it before what comes after it, for all threads that do the same.
///
/// Here this is nothing: the accesses on both sides of each call are sequentially consistent, and that already orders
/// them. loom takes such accesses for acquiring and releasing ones, and so gets a fence instead.
#[inline]
pub(crate) const fn order() {}

/// A number that differs between threads and seldom changes on one: from the address of the stack.
///
/// Threads that begin their search at different words do not write to the same cache line. Two threads with equal
/// numbers are slower together, and nothing else. Stacks of threads are 2 MiB apart on common 64-bit systems; on
/// smaller ones they are some kilobytes apart.
#[inline]
pub(crate) fn home() -> usize {
    const STACK: u32 = if usize::BITS >= 64 { 21 } else { 12 };
    let here = 0_u8;
    (&raw const here).addr() >> STACK
}

/// The time for which the gate is held: with the feature `critical-section` nothing interrupts it.
pub(crate) struct Section {
    #[cfg(feature = "critical-section")]
    before: critical_section::RestoreState,
}

impl Section {
    #[inline]
    pub(crate) fn enter() -> Self {
        Self {
            // SAFETY: `leave` is called with this state, on the same thread, in the reverse order of entering: a section
            // never outlives the call of the shelf that entered it, and no call of another's code lies in between.
            #[cfg(feature = "critical-section")]
            before: unsafe { critical_section::acquire() },
        }
    }

    #[inline]
    #[cfg_attr(
        not(feature = "critical-section"),
        expect(clippy::unused_self, reason = "nothing was entered")
    )]
    pub(crate) fn leave(self) {
        // SAFETY: the state comes from the `acquire` that this section began with.
        #[cfg(feature = "critical-section")]
        unsafe {
            critical_section::release(self.before);
        }
    }
}
