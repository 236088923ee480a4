//! The guard around an allocator of the user's that lies around the guard: each event counts once.
//!
//! Alone because of its global allocator.

use std::alloc::{GlobalAlloc, Layout};

use qadapt::{QADAPT, Qadapt};

#[path = "nested_guard/checks.rs"]
mod checks;

#[global_allocator]
static ALLOC: Qadapt<Tap> = Qadapt::new(Tap { inner: Qadapt::new(QADAPT) });

/// Passes everything on.
struct Tap {
    inner: Qadapt<QADAPT>,
}

// SAFETY: each method calls the inner allocator's with the same arguments, and returns what that returns.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Tap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.inner.realloc(block, layout, new_size) }
    }
}
