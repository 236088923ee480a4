//! An allocator of the program's own frees some blocks itself.

use std::alloc::{GlobalAlloc, Layout, System};

use qadapt::{Deferring, Qadapt};

struct Between(Qadapt<Deferring<System>>);

// SAFETY: all methods are those of the inner allocators, and a block goes back to where it came from.
unsafe impl GlobalAlloc for Between {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { if layout.size() == 64 { System.alloc(layout) } else { self.0.alloc(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { if layout.size() == 64 { System.dealloc(block, layout) } else { self.0.dealloc(block, layout) } }
    }
}

#[global_allocator]
static ALLOC: Between = Between(Qadapt::new(Deferring::new(System)));

fn main() {
    waits::run();
}
