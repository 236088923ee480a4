//! Rust's way to the C library past the functions that this crate defines.
#![expect(unsafe_code, reason = "an allocator made of functions of C's")]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use crate::libc_own::{__libc_calloc, __libc_free, __libc_malloc, __libc_memalign, __libc_realloc};

/// What the C library aligns every block to: two words (glibc's manual, "Malloc Examples").
const ALIGN: usize = 2 * size_of::<usize>();

/// The C library's allocator, as the global allocator below the guard: what Rust asks for does not pass the functions that this crate
/// defines, and so costs no more than without it. With [`System`](std::alloc::System) each allocation asks there whether C is
/// watched, some five instructions.
///
/// Blocks are C's: what one gives, `free` takes.
///
/// # Examples
/// ```
/// use qadapt::Qadapt;
/// use qadapt_malloc::Direct;
///
/// #[global_allocator]
/// static ALLOC: Qadapt<Direct> = Qadapt::new(Direct);
///
/// let (counts, _block) = qadapt::count_alloc(|| Box::new(7));
/// # if counts.is_measured() {
/// assert_eq!(counts.allocs(), 1);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

// SAFETY: blocks are the C library's, of the size that was asked for and aligned as was asked; none unwinds.
unsafe impl GlobalAlloc for Direct {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        if is_plain(layout) {
            // SAFETY: any size may be asked for.
            unsafe { __libc_malloc(size) }.cast()
        } else {
            // SAFETY: the alignment is a power of two.
            unsafe { __libc_memalign(align, size) }.cast()
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_plain(layout) {
            // SAFETY: any size may be asked for.
            return unsafe { __libc_calloc(layout.size(), 1) }.cast();
        }
        // SAFETY: the caller's contract is the callee's.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block has this size.
            unsafe { ptr::write_bytes(block, 0, layout.size()) };
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        // SAFETY: by the caller's contract it is a block of this allocator's, which are the C library's.
        unsafe { __libc_free(block.cast()) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= ALIGN && layout.align() <= size {
            // SAFETY: by the caller's contract it is a block of this allocator's; the alignment is the C library's own.
            return unsafe { __libc_realloc(block.cast(), size) }.cast();
        }
        // SAFETY: by the caller's contract the size, rounded up to the alignment, does not overflow.
        let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the caller's contract is the callee's.
        let new = unsafe { self.alloc(larger) };
        if !new.is_null() {
            // SAFETY: both blocks have these bytes, and the new one is no part of the old one.
            unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
            // SAFETY: the caller's contract is the callee's.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

/// Whether `malloc` aligns a block as it must be. Of one that is smaller than its alignment that is not promised.
const fn is_plain(layout: Layout) -> bool {
    layout.align() <= ALIGN && layout.align() <= layout.size()
}
