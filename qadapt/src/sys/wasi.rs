//! WASI, preview 1: the C library there, without traces, and with one stack that has no addresses of code.

use core::ffi::{CStr, c_char, c_int};

pub(crate) use super::absent::{
    File, HAS_TRACES, exists, for_each_module, is_alone, keeping_error, locate, look_up_threads,
    make_directory, map_pages, may_have_size, own_stack, page_faults, parent, process, processor_time,
    program, size_of_file, stack_around, unmap_pages, wait_for_error, working_directory,
};
pub(crate) use super::absent::{TRAP, at_fork, is_absolute, is_separator, trap};

/// Has the handler called when the process ends by returning from `main` or by `exit`.
#[expect(unsafe_code, reason = "std has no way to be called at exit")]
pub(crate) fn at_exit(handler: extern "C" fn()) {
    // SAFETY: the handler is a plain function that never unwinds.
    unsafe { libc::atexit(handler) };
}

/// Hands on an environment variable. It may be called before `main` only.
#[expect(unsafe_code, reason = "std::env allocates")]
pub(crate) fn variable<T>(name: &CStr, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    // SAFETY: the name is nul-terminated. This runs before `main`, when nobody changes the environment.
    let value: *const c_char = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` gives a nul-terminated string. It is used before `main` only (see above).
    Some(read(unsafe { CStr::from_ptr(value) }.to_bytes()))
}

/// Writes to standard error: the number of bytes written; `None` where there is nobody to write to.
#[expect(unsafe_code, reason = "std's standard error takes a lock")]
pub(crate) fn write_error(bytes: &[u8]) -> Option<usize> {
    const STANDARD_ERROR: c_int = 2;
    // SAFETY: `bytes` is readable for its length.
    let written = unsafe { libc::write(STANDARD_ERROR, bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(written).ok()
}
