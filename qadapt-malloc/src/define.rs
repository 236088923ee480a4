//! The allocation functions that the program and its libraries call. They are a part of `qadapt-malloc-preload` too.
//!
//! Each asks one word of the thread's and goes on to the C library, unless something watches the thread. None unwinds; that they
//! are declared as if they could spares the registers that would be saved to stop the process there.
#![expect(unsafe_code, reason = "these are functions of C's")]

use core::ffi::{c_int, c_void};
use core::hint::black_box;
use core::ptr;
use core::sync::atomic::{Ordering, compiler_fence};

use crate::guard::{self, CRequest};
use crate::libc_own::{
    __libc_calloc, __libc_free, __libc_malloc, __libc_memalign, __libc_pvalloc, __libc_realloc,
    __libc_valloc, find, usable_size,
};
use crate::word::{find_word, is_watched};

/// What each block's address is a multiple of: two words (glibc's manual, "Malloc Examples").
const ALIGN: usize = 2 * size_of::<usize>();
/// The least size of a page.
const PAGE: usize = 4096;

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_malloc(size) };
    if is_watched() {
        return here(watched(false, size, ALIGN, inner));
    }
    inner()
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_calloc(count, size) };
    if is_watched() {
        let bytes = count.saturating_mul(size);
        return here(watched(true, bytes, ALIGN, inner));
    }
    inner()
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if is_watched() {
        // SAFETY: the caller's contract is the callee's.
        return here(unsafe { realloc_watched(block, size) });
    }
    // SAFETY: the caller's contract is the callee's.
    unsafe { __libc_realloc(block, size) }
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn reallocarray(block: *mut c_void, count: usize, size: usize) -> *mut c_void {
    if is_watched() {
        // For more than there can be the C library has no memory.
        // SAFETY: the caller's contract is the callee's.
        return here(unsafe { realloc_watched(block, count.saturating_mul(size)) });
    }
    let Some(size) = count.checked_mul(size) else { return no_memory() };
    // SAFETY: the caller's contract is the callee's.
    unsafe { __libc_realloc(block, size) }
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn free(block: *mut c_void) {
    if is_watched() {
        // SAFETY: the caller's contract is the callee's.
        unsafe { free_watched(block) };
        return here(());
    }
    // SAFETY: the caller's contract is the callee's.
    unsafe { __libc_free(block) }
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn memalign(align: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_memalign(align, size) };
    if is_watched() {
        return here(watched(false, size, align, inner));
    }
    inner()
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_memalign(align, size) };
    if is_watched() {
        return here(watched(false, size, align, inner));
    }
    inner()
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align % size_of::<usize>() != 0 {
        return libc::EINVAL;
    }
    // SAFETY: the alignment is a power of two.
    let inner = move || unsafe { __libc_memalign(align, size) };
    let block = if is_watched() { here(watched(false, size, align, inner)) } else { inner() };
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller says that the block's address can be stored there.
    unsafe { place.write(block) };
    0
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn valloc(size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_valloc(size) };
    if is_watched() {
        return here(watched(false, size, PAGE, inner));
    }
    inner()
}

/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pvalloc(size: usize) -> *mut c_void {
    // SAFETY: the caller's contract is the callee's.
    let inner = move || unsafe { __libc_pvalloc(size) };
    if is_watched() {
        return here(watched(false, size, PAGE, inner));
    }
    inner()
}

/// No event; it has to be of the same allocator as the rest.
///
/// # Safety
/// As glibc has it.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: the caller's contract is the callee's.
    unsafe { usable_size(block) }
}

/// A request for a new block. `inner` asks the C library.
#[cold]
#[inline(never)]
fn watched(zeroed: bool, size: usize, align: usize, inner: impl FnOnce() -> *mut c_void) -> *mut c_void {
    if !guard::is_watched() {
        return inner();
    }
    let request = CRequest { zeroed, size, old_size: None, align };
    // SAFETY: the block is of the C library.
    guard::request(request, inner, |block| unsafe { usable_size(block) }).unwrap_or_else(no_memory)
}

/// # Safety
/// As for `realloc`.
#[cold]
#[inline(never)]
unsafe fn realloc_watched(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        // SAFETY: any size may be asked for.
        return watched(false, size, ALIGN, || unsafe { __libc_malloc(size) });
    }
    if size == 0 {
        // glibc frees the block.
        // SAFETY: the caller's contract is the callee's.
        unsafe { free_watched(block) };
        return ptr::null_mut();
    }
    // SAFETY: the caller's contract.
    let inner = move || unsafe { __libc_realloc(block, size) };
    if !guard::is_watched() {
        return inner();
    }
    // SAFETY: the caller says that it is a block of the C library.
    let old_size = Some(unsafe { usable_size(block) });
    let request = CRequest { zeroed: false, size, old_size, align: ALIGN };
    // SAFETY: the block is of the C library.
    guard::request(request, inner, |block| unsafe { usable_size(block) }).unwrap_or_else(no_memory)
}

/// # Safety
/// As for `free`.
#[cold]
#[inline(never)]
unsafe fn free_watched(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: the caller's contract.
    let inner = move || unsafe { __libc_free(block) };
    if !guard::is_watched() {
        return inner();
    }
    // SAFETY: the caller says that it is a block of the C library.
    let size = unsafe { usable_size(block) };
    guard::free(size, inner);
}

/// A request that is refused fails as C has it.
fn no_memory() -> *mut c_void {
    // SAFETY: it cannot fail.
    let error = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's own, and always there.
    unsafe { error.write(libc::ENOMEM) };
    ptr::null_mut()
}

/// Keeps the calling function's frame on the stack, by which a report knows C's function: a tail call would leave none. The
/// fence is no instruction, and what it stands after is no tail call.
#[inline(always)]
fn here<T>(result: T) -> T {
    compiler_fence(Ordering::SeqCst);
    result
}

/// Asks C for a byte, so that the guard learns who answers.
fn ask() {
    // SAFETY: any size may be asked for.
    let block = black_box(unsafe { libc::malloc(1) });
    // SAFETY: it is a block, or null.
    unsafe { libc::free(block) };
}

/// The loader calls it before `main`, while the process has one thread.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    find();
    find_word();
    guard::define(ask);
}
