//! Two allocators that defer. The one that comes first keeps blocks; the program's own, which comes second, frees them.

use std::alloc::{GlobalAlloc as _, Layout, System};

use qadapt::{Deferring, Qadapt, defer_frees};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

static ASIDE: Deferring<System> = Deferring::new(System);

fn main() {
    let layout = Layout::new::<[u64; 6]>();
    // SAFETY: the layout has a size.
    let block = unsafe { ASIDE.alloc(layout) };
    // SAFETY: the block is this allocator's, of this layout, and nobody else has it.
    defer_frees(|| unsafe { ASIDE.dealloc(block, layout) });
    waits::run();
}
