//! What platforms say for what they lack. Each takes what it needs from here.
#![cfg_attr(unix, allow(dead_code, reason = "POSIX has most of it"))]

use core::ffi::{CStr, c_int, c_void};
use core::ptr;

use super::Module;

/// No trace can be kept.
pub(crate) const HAS_TRACES: bool = false;

/// There is no such file.
pub(crate) enum File {}

impl File {
    pub(crate) fn create(_: &CStr) -> Result<Self, &'static [u8]> {
        Err(b"it cannot be made")
    }

    pub(crate) fn open(_: &CStr) -> Option<Self> {
        None
    }

    pub(crate) fn grow(&self, _: usize) -> bool {
        match *self {}
    }

    pub(crate) fn reserve(&self, _: u64, _: u64) -> bool {
        match *self {}
    }

    pub(crate) fn map(&self, _: usize, _: usize) -> Option<*mut c_void> {
        match *self {}
    }
}

pub(crate) fn may_have_size(_: usize) -> bool {
    false
}

pub(crate) fn exists(_: &CStr) -> bool {
    false
}

pub(crate) fn make_directory(_: &CStr) {}

pub(crate) fn size_of_file(_: &CStr) -> u64 {
    0
}

pub(crate) fn look_up_threads() {}

#[inline(always)]
pub(crate) fn is_alone() -> bool {
    false
}

/// Calls nothing: which files are loaded is not known.
pub(crate) fn locate(_: usize, _: impl FnMut(&[u8], usize)) {}

/// Calls nothing: which files are loaded is not known.
pub(crate) fn for_each_module(_: impl FnMut(&Module<'_>)) {}

/// `None`: a stack's bounds are not known.
pub(crate) fn stack_around(_: usize) -> Option<(usize, usize)> {
    None
}

/// `None`: a stack's bounds are not known.
pub(crate) fn own_stack(_: usize, _: usize) -> Option<(usize, usize)> {
    None
}

/// Nothing: there are no forks.
pub(crate) fn at_fork(_: unsafe extern "C" fn()) {}

/// `None`: the program has no path.
pub(crate) fn program(_: &mut [u8]) -> Option<&[u8]> {
    None
}

/// `None`: there is none.
pub(crate) fn working_directory(_: &mut [u8]) -> Option<&[u8]> {
    None
}

/// True if a path says by itself where it leads.
pub(crate) fn is_absolute(path: &[u8]) -> bool {
    path.starts_with(b"/")
}

/// True for what stands between the parts of a path.
pub(crate) fn is_separator(byte: u8) -> bool {
    byte == b'/'
}

/// 0: processes have no numbers.
pub(crate) fn process() -> u32 {
    0
}

/// 0: processes have no numbers.
pub(crate) fn parent() -> u32 {
    0
}

/// True at once: nobody tells whether standard error is read.
#[expect(clippy::unnecessary_wraps, reason = "as where somebody tells")]
pub(crate) fn wait_for_error(_: c_int) -> Option<bool> {
    Some(true)
}

/// What [`trap`] raises.
pub(crate) const TRAP: &[u8] = b"a trap";

/// Ends the program, which is what a trap does where there are no signals.
pub(crate) fn trap() {
    std::process::abort();
}

/// 0: nobody counts it.
pub(crate) fn processor_time() -> u64 {
    0
}

/// System calls leave no error behind here.
pub(crate) fn keeping_error<T>(act: impl FnOnce() -> T) -> T {
    act()
}

/// Null: there are no pages but the allocator's. What needs more room than its own is counted as lost.
pub(crate) fn map_pages(_: usize) -> *mut u8 {
    ptr::null_mut()
}

/// # Safety
/// Nothing is asked: there are no pages.
#[expect(unsafe_code, reason = "as on other platforms")]
pub(crate) unsafe fn unmap_pages(_: *mut u8, _: usize) {}

/// `None`: nobody counts them.
pub(crate) fn page_faults() -> Option<[u64; 2]> {
    None
}
