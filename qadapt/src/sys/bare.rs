//! A platform with nothing to ask: WebAssembly in a browser, and whatever is not named beside this file.
//!
//! Nobody calls before `main` or at the end, there is no environment, and standard error goes nowhere. Regions panic as
//! anywhere else, and their reports are in the panics.

use core::ffi::CStr;

pub(crate) use super::absent::{
    File, HAS_TRACES, exists, for_each_module, is_alone, keeping_error, locate, look_up_threads,
    make_directory, map_pages, may_have_size, own_stack, page_faults, parent, process, processor_time,
    program, size_of_file, stack_around, unmap_pages, wait_for_error, working_directory,
};
pub(crate) use super::absent::{TRAP, at_fork, is_absolute, is_separator, trap};

/// Nothing: the process has no end that could be seen.
pub(crate) fn at_exit(_: extern "C" fn()) {}

/// `None`: there is no environment.
pub(crate) fn variable<T>(_: &CStr, _: impl FnOnce(&[u8]) -> T) -> Option<T> {
    None
}

/// `None`: there is nobody to write to.
pub(crate) fn write_error(_: &[u8]) -> Option<usize> {
    None
}
