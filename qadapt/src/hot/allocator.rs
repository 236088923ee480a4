//! The `#[global_allocator]` wrapper.

use core::any::type_name;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{Ordering, compiler_fence};
use std::alloc::{GlobalAlloc, Layout, System};

use super::event::{self, Outcome};
use super::request::Request;
use super::{own_blocks, word};
use crate::checks;
use crate::model::Op;

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
#[derive(Clone, Copy, Debug, Default)]
pub struct Qadapt<A = System> {
    inner: A,
}

impl<A> Qadapt<A> {
    /// Wraps an allocator.
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

/// The guard around the system's allocator, as a type: `static ALLOC: QADAPT = QADAPT;`.
pub type QADAPT = Qadapt<System>;

/// The guard around the system's allocator, as a value: `static ALLOC: QADAPT = QADAPT;`.
pub const QADAPT: QADAPT = Qadapt::new(System);

/// True if anything watches this thread, or nothing has asked yet.
#[inline(always)]
fn watched<A>() -> bool {
    checks::ON && word::get() != 0 && !is_guard::<A>()
}

/// True if the inner allocator is the guard itself, which then sees each event; the outer one passes them on, so that
/// they count once. The optimiser knows the answer.
#[inline(always)]
fn is_guard<A>() -> bool {
    /// Its type argument follows, but for the default one.
    const NAME: &str = concat!(module_path!(), "::Qadapt");
    let rest = type_name::<A>().as_bytes().strip_prefix(NAME.as_bytes());
    matches!(rest, Some([] | [b'<', ..]))
}

// SAFETY: every method forwards to the same method of the inner allocator with the caller's own arguments, and
// returns what that returned; the inner allocator's promises are so the wrapper's. Nothing on the way unwinds.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Qadapt<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if watched::<A>() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_watched(&self.inner, layout.size(), layout.align()) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if watched::<A>() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { dealloc_watched(&self.inner, block, layout.size(), layout.align()) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if watched::<A>() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { alloc_zeroed_watched(&self.inner, layout.size(), layout.align()) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if watched::<A>() {
            // SAFETY: the caller's contract is the callee's.
            return unsafe { realloc_watched(&self.inner, block, layout.size(), layout.align(), new_size) };
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}

/// # Safety
/// As for [`GlobalAlloc::alloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_watched<A: GlobalAlloc>(inner: &A, size: usize, align: usize) -> *mut u8 {
    let request = Request { op: Op::Alloc, size, old_size: 0, align };
    if event::before(&request, mark(&request)) == Outcome::Refuse {
        event::after(&request, false);
        return ptr::null_mut();
    }
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's contract.
    let block = quietly(|| unsafe { inner.alloc(layout) });
    own_blocks::forget(block);
    if word::get() & word::RAISING != 0 {
        own_blocks::made(block, size);
    }
    event::after(&request, !block.is_null());
    block
}

/// # Safety
/// As for [`GlobalAlloc::dealloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn dealloc_watched<A: GlobalAlloc>(inner: &A, block: *mut u8, size: usize, align: usize) {
    let request = Request { op: Op::Dealloc, size, old_size: 0, align };
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    if own_blocks::take(block, size) {
        // SAFETY: the caller's contract.
        return unsafe { inner.dealloc(block, layout) };
    }
    // A deallocation is never refused.
    let _ = event::before(&request, mark(&request));
    // SAFETY: the caller's contract.
    quietly(|| unsafe { inner.dealloc(block, layout) });
    event::after(&request, true);
}

/// # Safety
/// As for [`GlobalAlloc::alloc_zeroed`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn alloc_zeroed_watched<A: GlobalAlloc>(inner: &A, size: usize, align: usize) -> *mut u8 {
    let request = Request { op: Op::AllocZeroed, size, old_size: 0, align };
    if event::before(&request, mark(&request)) == Outcome::Refuse {
        event::after(&request, false);
        return ptr::null_mut();
    }
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's contract.
    let block = quietly(|| unsafe { inner.alloc_zeroed(layout) });
    own_blocks::forget(block);
    event::after(&request, !block.is_null());
    block
}

/// # Safety
/// As for [`GlobalAlloc::realloc`]; `size` and `align` are a layout's.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
unsafe fn realloc_watched<A: GlobalAlloc>(
    inner: &A,
    block: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    let request = Request { op: Op::Realloc, size: new_size, old_size: size, align };
    if event::before(&request, mark(&request)) == Outcome::Refuse {
        event::after(&request, false);
        return ptr::null_mut();
    }
    // SAFETY: the caller says that they are a layout's.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: the caller's contract.
    let moved = quietly(|| unsafe { inner.realloc(block, layout, new_size) });
    own_blocks::forget(moved);
    event::after(&request, !moved.is_null());
    moved
}

/// Calls the inner allocator: the edge of a region that a signal handler closes meanwhile says nothing, as that may allocate.
#[inline(always)]
fn quietly<R>(call: impl FnOnce() -> R) -> R {
    let before = word::get();
    word::set(before | word::QUIET);
    // The compiler knows what allocation functions read and write, and would move or drop the stores.
    compiler_fence(Ordering::SeqCst);
    let result = call();
    compiler_fence(Ordering::SeqCst);
    if before & word::QUIET == 0 {
        word::set(word::get() & !word::QUIET);
    }
    result
}

/// An address in the calling method's own frame.
fn mark(request: &Request) -> *const c_void {
    ptr::from_ref(request).cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_knows_itself() {
        assert!(is_guard::<QADAPT>() && is_guard::<Qadapt<QADAPT>>() && is_guard::<Qadapt<Option<u8>>>());
        assert!(!is_guard::<System>() && !is_guard::<Option<QADAPT>>());
    }
}
