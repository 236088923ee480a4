//! Unix but Linux and Android: macOS, iOS, the BSDs. POSIX, without traces.

use core::ffi::CStr;

pub(crate) use super::absent::{
    File, HAS_TRACES, exists, for_each_module, is_alone, locate, look_up_threads, make_directory,
    may_have_size, own_stack, page_faults, size_of_file, stack_around,
};
use super::posix::raw_variable;
pub(crate) use super::posix::{
    TRAP, at_exit, at_fork, is_absolute, is_separator, keeping_error, map_pages, parent, process,
    processor_time, trap, unmap_pages, wait_for_error, working_directory, write_error,
};

/// Hands on an environment variable; `None` in a privileged process too. It may be called before `main` only.
pub(crate) fn variable<T>(name: &CStr, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    if is_privileged() { None } else { raw_variable(name, read) }
}

/// True if the process has rights that its user has not (a set-user-id program): then that user's environment is not
/// to be trusted.
#[expect(unsafe_code, reason = "std does not know")]
fn is_privileged() -> bool {
    // SAFETY: it cannot fail and touches no memory.
    let user = unsafe { libc::getuid() };
    // SAFETY: as above.
    let acts_as = unsafe { libc::geteuid() };
    // SAFETY: as above.
    let group = unsafe { libc::getgid() };
    // SAFETY: as above.
    let acts_in = unsafe { libc::getegid() };
    (user, group) != (acts_as, acts_in)
}

/// The program's path, as the kernel knows it.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "std::env allocates")]
pub(crate) fn program(buffer: &mut [u8]) -> Option<&[u8]> {
    let room = u32::try_from(buffer.len()).ok()?;
    // SAFETY: it cannot fail and touches no memory.
    let process = unsafe { libc::getpid() };
    // SAFETY: the buffer is writable for its length, which `room` says.
    let length = unsafe { libc::proc_pidpath(process, buffer.as_mut_ptr().cast(), room) };
    usize::try_from(length).ok().filter(|&length| length > 0).and_then(|length| buffer.get(..length))
}

/// `None`: the program's path takes memory to find.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn program(_: &mut [u8]) -> Option<&[u8]> {
    None
}
