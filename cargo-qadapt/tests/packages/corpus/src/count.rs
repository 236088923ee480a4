//! An allocator that counts, shaped like a guard: one thread-local word, a cold function for watched threads.

use std::cell::Cell;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static ALLOCS: Cell<u64> = const { Cell::new(0) };
    static FREES: Cell<u64> = const { Cell::new(0) };
}

/// Starts counting on this thread, from zero.
pub fn start() {
    ALLOCS.set(0);
    FREES.set(0);
    WATCHED.set(true);
}

/// Stops counting: allocations and frees since the start.
pub fn stop() -> (u64, u64) {
    WATCHED.set(false);
    (ALLOCS.get(), FREES.get())
}

#[cfg(feature = "counting")]
mod counting {
    use super::{ALLOCS, FREES, WATCHED};
    use std::alloc::{GlobalAlloc, Layout, System};

    struct Counting;

    #[global_allocator]
    static GLOBAL: Counting = Counting;

    #[cold]
    #[inline(never)]
    fn watched_alloc(size: usize, align: usize, zeroed: bool) -> *mut u8 {
        ALLOCS.set(ALLOCS.get() + 1);
        // SAFETY: size and alignment are those of a layout, which the caller took apart.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        if zeroed {
            // SAFETY: the layout is the one that the caller of the allocator vouches for.
            unsafe { System.alloc_zeroed(layout) }
        } else {
            // SAFETY: the same.
            unsafe { System.alloc(layout) }
        }
    }

    #[cold]
    #[inline(never)]
    fn watched_realloc(ptr: *mut u8, old: usize, align: usize, size: usize) -> *mut u8 {
        ALLOCS.set(ALLOCS.get() + 1);
        // SAFETY: size and alignment are those of the block's layout, which the caller took apart.
        let layout = unsafe { Layout::from_size_align_unchecked(old, align) };
        // SAFETY: every block of this allocator is one of `System`'s, and the rest is as the caller got it.
        unsafe { System.realloc(ptr, layout, size) }
    }

    #[cold]
    #[inline(never)]
    fn watched_free(ptr: *mut u8, size: usize, align: usize) {
        FREES.set(FREES.get() + 1);
        // SAFETY: size and alignment are those of the block's layout, which the caller took apart.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: every block of this allocator is one of `System`'s, with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }

    // The watched side forwards out of line, as a guard's does: where the forwarding call is inlined next to a mere
    // counter, LLVM removes pairs of `malloc` and `free` and leaves the counter.
    //
    // SAFETY: every method forwards to the same method of `System` with what it was given, and counting neither unwinds
    // nor allocates: the thread-locals are constants without a destructor.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if WATCHED.get() {
                return watched_alloc(layout.size(), layout.align(), false);
            }
            // SAFETY: the caller keeps the contract of the method of the same name, which is this one's.
            unsafe { System.alloc(layout) }
        }
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            if WATCHED.get() {
                return watched_alloc(layout.size(), layout.align(), true);
            }
            // SAFETY: as in `alloc`.
            unsafe { System.alloc_zeroed(layout) }
        }
        unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            if WATCHED.get() {
                return watched_realloc(ptr, layout.size(), layout.align(), size);
            }
            // SAFETY: as in `alloc`; the block is one of `System`'s, as all of this allocator's are.
            unsafe { System.realloc(ptr, layout, size) }
        }
        unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
            if WATCHED.get() {
                return watched_free(ptr, layout.size(), layout.align());
            }
            // SAFETY: as in `realloc`.
            unsafe { System.dealloc(ptr, layout) }
        }
    }
}
