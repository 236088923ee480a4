//! An allocator that refuses requests on demand.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

thread_local! {
    static REFUSALS: Cell<u32> = const { Cell::new(0) };
}

/// The next `count` requests for memory on this thread get none.
pub fn refuse_next(count: u32) {
    REFUSALS.set(count);
}

/// Requests on this thread that are still to be refused.
#[must_use]
pub fn refusals_left() -> u32 {
    REFUSALS.get()
}

fn refuse() -> bool {
    let left = REFUSALS.get();
    REFUSALS.set(left.saturating_sub(1));
    left > 0
}

/// Forwards to the system's allocator unless [`refuse_next`] asked otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failing;

// SAFETY: every method forwards to the system's allocator with the caller's own arguments, or returns null, which
// the contract allows at any time and which leaves a block to be reallocated as it was.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuse() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refuse() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if refuse() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        unsafe { System.realloc(block, layout, new_size) }
    }
}
