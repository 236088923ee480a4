//! What gets no advice.

use std::alloc::{self, Layout};
use std::hint::black_box;

use qadapt::assert_no_alloc;

use crate::seen::shown;

#[test]
#[expect(unsafe_code, reason = "memory without any library in between")]
fn memory_asked_for_directly() {
    let layout = Layout::new::<[u64; 2]>();
    shown("", || {
        assert_no_alloc(|| {
            // SAFETY: the layout's size is not 0.
            let block = black_box(unsafe { alloc::alloc(layout) });
            assert!(!block.is_null());
            // SAFETY: the block was allocated with this layout, and the new size is not 0.
            let block = black_box(unsafe { alloc::realloc(block, layout, 64) });
            assert!(!block.is_null());
            // SAFETY: the block was reallocated to 64 bytes with the layout's alignment.
            unsafe { alloc::dealloc(block, Layout::new::<[u64; 8]>()) };
            // SAFETY: the layout's size is not 0.
            let block = black_box(unsafe { alloc::alloc_zeroed(layout) });
            assert!(!block.is_null());
            // SAFETY: the block was allocated with this layout.
            unsafe { alloc::dealloc(block, layout) };
        });
    });
}

/// Functions of the user's own that are called like those of the library.
mod own {
    use super::{Layout, alloc, black_box};

    #[inline(never)]
    #[expect(unsafe_code, reason = "memory without any library in between")]
    pub(super) fn format() -> *mut u8 {
        // SAFETY: the layout's size is not 0.
        black_box(unsafe { alloc::alloc(Layout::new::<u64>()) })
    }

    #[expect(unsafe_code, reason = "memory without any library in between")]
    pub(super) fn free(block: *mut u8) {
        // SAFETY: `format` allocated the block with this layout.
        unsafe { alloc::dealloc(block, Layout::new::<u64>()) };
    }
}

#[test]
fn own_functions_with_known_names() {
    shown("", || own::free(assert_no_alloc(own::format)));
}
