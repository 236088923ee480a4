//! Whether the process has one thread, as the C library says it.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

/// glibc's `__libc_single_threaded` (since 2.32): a byte, not 0 as long as there is one thread; null where there is no
/// such thing. Relaxed: set before `main` only.
static SINGLE: AtomicPtr<AtomicU8> = AtomicPtr::new(ptr::null_mut());

/// Looks for what the C library says. It runs before `main`.
#[expect(unsafe_code, reason = "there are C libraries without this variable")]
pub(super) fn look_up() {
    // SAFETY: the name is nul-terminated.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
    SINGLE.store(found.cast(), Ordering::Relaxed);
}

/// True if this is the process's only thread: then only it can start another one.
#[inline(always)]
#[expect(unsafe_code, reason = "reads a variable of the C library")]
pub(super) fn is_alone() -> bool {
    // SAFETY: null, or the address of a byte of the C library's, which is never unloaded. The library writes it before a
    // second thread exists.
    let single = unsafe { SINGLE.load(Ordering::Relaxed).as_ref() };
    single.is_some_and(|single| single.load(Ordering::Relaxed) != 0)
}
