//! The `#[global_allocator]` wrapper.

use std::alloc::{GlobalAlloc, Layout, System};

#[cfg(not(feature = "profile"))]
use core::convert::identity as over;

use super::call;
#[cfg(feature = "profile")]
use super::profile::allocator::Sampling;
use super::watched::{alloc_watched, dealloc_watched, realloc_watched};
use crate::checks;

/// The guard: a global allocator that forwards to another one and watches what protected code asks of it.
///
/// Each method forwards to the same method of the inner allocator, so that its `realloc` and `alloc_zeroed` keep
/// their speed. On a thread that nothing watches, a call adds one test of a thread-local word. In a build without
/// checks it adds nothing.
///
/// # Examples
/// ```
/// use qadapt::QADAPT;
///
/// #[global_allocator]
/// static ALLOC: QADAPT = QADAPT;
///
/// fn main() {
///     let sum = qadapt::assert_no_alloc(|| (1..=10).sum::<i32>());
///     assert_eq!(sum, 55);
/// }
/// ```
/// Around another allocator: `static ALLOC: Qadapt<MiMalloc> = Qadapt::new(MiMalloc);`.
///
/// # Values with an allocator of their own
/// `Vec::new_in(arena)` goes past the global allocator. With the feature `allocator-api2` the guard stands around the allocator of
/// a value, too, `Vec::new_in(Qadapt::new(arena))`, and regions watch what the value asks of it, as one event each, whatever
/// the arena asks for in turn. A nightly compiler takes it for std's `Allocator` without that feature; with it, and the
/// feature `nightly` of `allocator_api2`, for both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Qadapt<A = System> {
    inner: Inner<A>,
}

/// What the guard forwards to: the wrapped allocator, and what samples it.
#[cfg(feature = "profile")]
type Inner<A> = Sampling<A>;
#[cfg(not(feature = "profile"))]
type Inner<A> = A;

#[cfg(feature = "profile")]
const fn over<A>(inner: A) -> Inner<A> {
    Sampling::new(inner)
}

impl<A> Qadapt<A> {
    /// Wraps an allocator.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Qadapt;
    /// use std::alloc::System;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<System> = Qadapt::new(System);
    ///
    /// let (counts, boxed) = qadapt::count_alloc(|| std::hint::black_box(Box::new(7_u64)));
    /// assert_eq!(counts.is_measured(), qadapt::is_active());
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner: over(inner) }
    }

    /// The wrapped allocator.
    #[cfg(any(feature = "allocator-api2", qadapt_allocator_api))]
    pub(super) const fn inner(&self) -> &A {
        #[cfg(feature = "profile")]
        return self.inner.inner();
        #[cfg(not(feature = "profile"))]
        &self.inner
    }
}

/// The guard around the system's allocator, as a type: `static ALLOC: QADAPT = QADAPT;`.
pub type QADAPT = Qadapt<System>;

/// The guard around the system's allocator, as a value: `static ALLOC: QADAPT = QADAPT;`.
pub const QADAPT: QADAPT = Qadapt::new(System);

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and
// returns what that returned; the inner allocator's promises are so the wrapper's. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Qadapt<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if checks::ON && call::watched_or_sampled() {
            if call::only_sampled() {
                // SAFETY: the caller's contract is the callee's.
                return unsafe { self.inner.alloc(layout) };
            }
            // SAFETY: as above.
            return unsafe { alloc_watched::<false, _>(layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { alloc_idly(layout, &self.inner) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { dealloc_watched(block, layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_watched::<true, _>(layout.size(), layout.align(), &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if checks::ON && call::watched() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { realloc_watched(block, layout.size(), layout.align(), new_size, &self.inner) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}

/// What is allocated on a thread that nothing watches, and whose word says that nothing is sampled.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`].
#[inline(always)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_idly<A: GlobalAlloc>(layout: Layout, inner: &Inner<A>) -> *mut u8 {
    #[cfg(feature = "profile")]
    if checks::ON {
        // SAFETY: the caller's contract is the callee's.
        return unsafe { inner.inner().alloc(layout) };
    }
    // SAFETY: as above.
    unsafe { inner.alloc(layout) }
}
