//! What POSIX gives: the same on Linux, Android, macOS and the BSDs.

use core::ffi::{CStr, c_char, c_int};
use core::mem::MaybeUninit;

// Where this thread's `errno` is, by the names that the C libraries have for it.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
use libc::___errno as errno_place;
#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
use libc::__errno as errno_place;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris"
)))]
use libc::__errno_location as errno_place;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use libc::__error as errno_place;

/// Has the handler called when the process ends by returning from `main` or by `exit`.
#[expect(unsafe_code, reason = "std has no way to be called at exit")]
pub(crate) fn at_exit(handler: extern "C" fn()) {
    // SAFETY: the handler is a plain function that never unwinds.
    unsafe { libc::atexit(handler) };
}

/// Has the handler called in each forked child, before the fork returns there.
#[expect(unsafe_code, reason = "std has no way to be called at a fork")]
pub(crate) fn at_fork(handler: unsafe extern "C" fn()) {
    // SAFETY: the handler is a plain function that calls only what a forked child may call.
    unsafe { libc::pthread_atfork(None, None, Some(handler)) };
}

/// Hands on an environment variable, whoever the process runs as. It may be called before `main` only.
#[expect(unsafe_code, reason = "std::env allocates")]
pub(super) fn raw_variable<T>(name: &CStr, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    // SAFETY: the name is nul-terminated. This runs before `main`, when no thread can change the environment.
    let value: *const c_char = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` gives a nul-terminated string. It is used before `main` only (see above).
    Some(read(unsafe { CStr::from_ptr(value) }.to_bytes()))
}

/// The working directory; `None` where it has no path that fits.
#[expect(unsafe_code, reason = "std's allocates")]
pub(crate) fn working_directory(buffer: &mut [u8]) -> Option<&[u8]> {
    // SAFETY: the buffer is writable for its length.
    let path = unsafe { libc::getcwd(buffer.as_mut_ptr().cast(), buffer.len()) };
    if path.is_null() {
        return None;
    }
    CStr::from_bytes_until_nul(buffer).map(CStr::to_bytes).ok()
}

/// True if a path says by itself where it leads, whatever the working directory is.
pub(crate) fn is_absolute(path: &[u8]) -> bool {
    path.starts_with(b"/")
}

/// True for what stands between the parts of a path.
pub(crate) fn is_separator(byte: u8) -> bool {
    byte == b'/'
}

/// The process's number.
#[expect(unsafe_code, reason = "std has it, its parent's not")]
pub(crate) fn process() -> u32 {
    // SAFETY: it cannot fail and touches no memory.
    unsafe { libc::getpid() }.unsigned_abs()
}

/// The number of the process that made this one.
#[expect(unsafe_code, reason = "std does not know it")]
pub(crate) fn parent() -> u32 {
    // SAFETY: it cannot fail and touches no memory.
    unsafe { libc::getppid() }.unsigned_abs()
}

/// Writes to standard error: the number of bytes written, which may be 0; `None` where there is nobody to write to.
#[expect(unsafe_code, reason = "std's standard error takes a lock")]
pub(crate) fn write_error(bytes: &[u8]) -> Option<usize> {
    // SAFETY: `bytes` is readable for its length.
    let written = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
    if let Ok(written) = usize::try_from(written) {
        return Some(written);
    }
    matches!(errno(), libc::EINTR | libc::EAGAIN).then_some(0)
}

/// Waits until a write to standard error succeeds or fails at once: false where neither is so within so many
/// milliseconds; `None` where a signal ended the wait.
#[expect(unsafe_code, reason = "std cannot wait for a file")]
pub(crate) fn wait_for_error(milliseconds: c_int) -> Option<bool> {
    // Miri does not know the call, and its standard error is always read.
    if cfg!(miri) {
        return Some(true);
    }
    let mut file = libc::pollfd { fd: libc::STDERR_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: `file` is one such record, as the second argument says.
    let ready = unsafe { libc::poll(&raw mut file, 1, milliseconds) };
    (ready >= 0).then_some(ready != 0)
}

/// What [`trap`] raises.
pub(crate) const TRAP: &[u8] = b"SIGTRAP";

/// Stops the program for a debugger; without one the signal ends it.
#[expect(unsafe_code, reason = "std cannot raise a signal")]
pub(crate) fn trap() {
    // SAFETY: `raise` takes any signal's number; what the signal does is the user's choice of mode.
    unsafe { libc::raise(libc::SIGTRAP) };
}

/// Nanoseconds of processor time that the process has used; 0 where nobody counts them.
#[expect(unsafe_code, reason = "std does not know it")]
#[allow(clippy::cast_sign_loss, clippy::allow_attributes, reason = "the clock starts at 0")]
#[allow(clippy::unnecessary_cast, reason = "the fields have other types where they have 32 bits")]
pub(crate) fn processor_time() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: there is room for the answer; where the clock is missing it stays zero.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr()) };
    // SAFETY: zeroed at first, which is a valid time.
    let time = unsafe { time.assume_init() };
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// At least so many zeroed bytes, aligned to a page; null where there are none.
#[cfg(not(all(qadapt_calls, not(miri))))]
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(crate) fn map_pages(bytes: usize) -> *mut u8 {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new private mapping without a file, wherever the system puts it: no memory of anybody's changes.
    let pages = unsafe {
        libc::mmap(core::ptr::null_mut(), bytes, access, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0)
    };
    if pages == libc::MAP_FAILED { core::ptr::null_mut() } else { pages.cast() }
}

/// Gives pages back.
///
/// # Safety
/// They came from [`map_pages`] with the same size, and nothing uses them any more.
#[cfg(not(all(qadapt_calls, not(miri))))]
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(crate) unsafe fn unmap_pages(pages: *mut u8, bytes: usize) {
    // SAFETY: the caller's contract. An error leaves them mapped, which harms nobody.
    let _ = unsafe { libc::munmap(pages.cast(), bytes) };
}

/// Runs system calls without the program noticing them in its `errno`.
pub(crate) fn keeping_error<T>(act: impl FnOnce() -> T) -> T {
    let before = errno();
    let result = act();
    set_errno(before);
    result
}

#[expect(unsafe_code, reason = "std hands it out as an error only")]
pub(super) fn errno() -> c_int {
    // SAFETY: it cannot fail.
    let place = unsafe { errno_place() };
    // SAFETY: it is this thread's own, and always there.
    unsafe { place.read() }
}

#[expect(unsafe_code, reason = "std cannot set it")]
fn set_errno(value: c_int) {
    // SAFETY: it cannot fail.
    let place = unsafe { errno_place() };
    // SAFETY: as in `errno`.
    unsafe { place.write(value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_passes_with_work() {
        let start = processor_time();
        let mut sum = 0_u64;
        while processor_time() == start {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(start > 0);
    }

    /// The clock of the wall is hours away from what the kernel says that the process has used.
    #[test]
    #[cfg_attr(miri, ignore = "has no getrusage")]
    #[expect(unsafe_code, reason = "std does not know what a process has used")]
    fn processor_time_is_what_the_process_has_used() {
        const SLACK: u64 = 20_000_000;
        let used = || {
            let mut usage = MaybeUninit::<libc::rusage>::zeroed();
            // SAFETY: there is room for the answer.
            unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
            // SAFETY: zeroed at first, which is a valid value.
            let usage = unsafe { usage.assume_init() };
            let nanoseconds = |time: libc::timeval| {
                u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
                    + u64::try_from(time.tv_usec).unwrap_or(0) * 1000
            };
            nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
        };
        let (before, time, after) = (used(), processor_time(), used());
        assert!(before <= time + SLACK && time <= after + SLACK, "{before} {time} {after}");
    }

    #[test]
    fn a_program_s_errno_is_kept() {
        set_errno(libc::ENOTTY);
        keeping_error(|| set_errno(libc::EINVAL));
        assert_eq!(errno(), libc::ENOTTY);
    }
}
