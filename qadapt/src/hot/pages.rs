//! Memory for what outgrows its thread's room: whole pages from the system, zeroed, not from an allocator, since a signal
//! handler that interrupted an allocator may need them.

use core::ptr;

/// At least so many zeroed bytes, aligned to a page; null where there are none.
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(super) fn map(bytes: usize) -> *mut u8 {
    // SAFETY: a new private mapping without a file, wherever the system puts it: no memory of anybody's changes.
    let pages = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if pages == libc::MAP_FAILED { ptr::null_mut() } else { pages.cast() }
}

/// Gives pages back.
///
/// # Safety
/// They came from [`map`] with the same size, and nothing uses them any more.
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(super) unsafe fn unmap(pages: *mut u8, bytes: usize) {
    // SAFETY: the caller's contract. An error leaves them mapped, which harms nobody.
    let _ = unsafe { libc::munmap(pages.cast(), bytes) };
}
