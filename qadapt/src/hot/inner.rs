//! The inner allocator.

use core::alloc::{GlobalAlloc, Layout};

/// The inner allocator's method.
///
/// # Safety
/// As for [`GlobalAlloc::alloc`], and with `ZEROED` for [`GlobalAlloc::alloc_zeroed`].
#[inline(always)]
#[expect(unsafe_code, reason = "forwards an allocator call")]
pub(super) unsafe fn inner_alloc<const ZEROED: bool, A: GlobalAlloc>(layout: Layout, inner: &A) -> *mut u8 {
    if ZEROED {
        // SAFETY: the caller's contract is the callee's.
        unsafe { inner.alloc_zeroed(layout) }
    } else {
        // SAFETY: as above.
        unsafe { inner.alloc(layout) }
    }
}
