//! Rust's allocations go past C's functions, and C's are seen all the same.
//!
//! Alone in its process because its allocator is another one.
#![expect(unsafe_code, reason = "calls C")]

use std::alloc::{GlobalAlloc as _, Layout};
use std::hint::black_box;

use qadapt::{Qadapt, count_alloc};
use qadapt_malloc::Direct;
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: Qadapt<Direct> = Qadapt::new(Direct);

#[test]
fn each_allocation_is_one_event() {
    if !watching("allocations of Rust's and C's") {
        return;
    }
    let (counts, boxed) = count_alloc(|| black_box(Box::new([1_u8; 40])));
    assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(1), Some(40)));
    // SAFETY: any size may be asked for.
    let (counts, block) = count_alloc(|| black_box(unsafe { libc::malloc(black_box(40)) }));
    assert_eq!(counts.allocs().get(), Some(1));
    let (counts, ()) = count_alloc(|| {
        drop(boxed);
        // SAFETY: it was made above, and nobody else has it.
        unsafe { libc::free(block) };
    });
    assert_eq!(counts.deallocs().get(), Some(2));
}

#[test]
fn blocks_are_aligned_zeroed_and_keep_their_bytes() {
    for (size, align) in [(1, 1), (3, 16), (8, 16), (24, 8), (24, 64), (5000, 4096), (100_000, 16)] {
        let layout = Layout::from_size_align(size, align).expect("a layout");
        for size in [1, size, 2 * size + 7] {
            // SAFETY: no size is 0, and each block is given back as it was made.
            unsafe {
                let block = Direct.alloc_zeroed(layout);
                assert!(!block.is_null() && block.addr() % align == 0, "{layout:?}");
                assert!((0..layout.size()).all(|at| *block.add(at) == 0), "{layout:?}");
                block.write_bytes(7, layout.size());
                let block = Direct.realloc(block, layout, size);
                assert!(!block.is_null() && block.addr() % align == 0, "{layout:?} to {size}");
                assert!((0..size.min(layout.size())).all(|at| *block.add(at) == 7), "{layout:?} to {size}");
                Direct.dealloc(block, Layout::from_size_align(size, align).expect("a layout"));
            }
        }
    }
}
