//! The C library's own allocation functions, under the names that nobody replaces.
#![expect(unsafe_code, reason = "these are functions of C's")]

use core::ffi::c_void;
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

// glibc exports these beside the public names, "for programs that replace malloc" (its manual, "Replacing malloc", and
// malloc/malloc.c).
unsafe extern "C" {
    pub(crate) fn __libc_malloc(size: usize) -> *mut c_void;
    pub(crate) fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    pub(crate) fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    pub(crate) fn __libc_free(block: *mut c_void);
    pub(crate) fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
    pub(crate) fn __libc_valloc(size: usize) -> *mut c_void;
    pub(crate) fn __libc_pvalloc(size: usize) -> *mut c_void;
}

type UsableSize = unsafe extern "C" fn(*mut c_void) -> usize;

/// glibc's `malloc_usable_size`, which has no second name. Relaxed: a function.
static USABLE_SIZE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The bytes that the C library has set aside for a block; 0 for none.
///
/// # Safety
/// As for `malloc_usable_size`: a block of the C library's, or null.
pub(crate) unsafe fn usable_size(block: *mut c_void) -> usize {
    let mut found = USABLE_SIZE.load(Ordering::Relaxed);
    if found.is_null() {
        found = find();
    }
    if found.is_null() {
        return 0;
    }
    // SAFETY: the symbol of that name in glibc is this function.
    let usable_size = unsafe { mem::transmute::<*mut c_void, UsableSize>(found) };
    // SAFETY: the caller's contract is the callee's.
    unsafe { usable_size(block) }
}

/// Looks for it in the C library itself: a library that is loaded before (`LD_PRELOAD`) may have one for blocks of its own.
#[cold]
pub(crate) fn find() -> *mut c_void {
    // SAFETY: the name is a C string; the C library is loaded, and stays.
    let library = unsafe { libc::dlopen(c"libc.so.6".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
    if library.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the handle is one, and the name a C string.
    let found = unsafe { libc::dlsym(library, c"malloc_usable_size".as_ptr()) };
    USABLE_SIZE.store(found, Ordering::Relaxed);
    found
}
