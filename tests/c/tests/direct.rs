//! Rust's allocations go past C's functions, and C's are seen all the same.
//!
//! Alone in its process because its allocator is another one.
#![expect(unsafe_code, reason = "calls C")]

use std::alloc::{GlobalAlloc as _, Layout};
use std::hint::black_box;
use std::slice;

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
        for new in [1, size, 2 * size + 7] {
            // SAFETY: the size is not 0.
            let block = unsafe { Direct.alloc_zeroed(layout) };
            assert!(!block.is_null() && block.addr().is_multiple_of(align), "{layout:?}");
            // SAFETY: the block has this size, and is initialised.
            let bytes = unsafe { slice::from_raw_parts_mut(block, size) };
            assert!(bytes.iter().all(|byte| *byte == 0), "{layout:?}");
            bytes.fill(7);
            // SAFETY: the block is of this layout, and the new size is not 0.
            let block = unsafe { Direct.realloc(block, layout, new) };
            assert!(!block.is_null() && block.addr().is_multiple_of(align), "{layout:?} to {new}");
            // SAFETY: so many bytes were kept.
            let bytes = unsafe { slice::from_raw_parts(block, size.min(new)) };
            assert!(bytes.iter().all(|byte| *byte == 7), "{layout:?} to {new}");
            let layout = Layout::from_size_align(new, align).expect("a layout");
            // SAFETY: the block is of this layout, and nobody uses it any more.
            unsafe { Direct.dealloc(block, layout) };
        }
    }
}
