//! Linux and Android: POSIX, and what the kernel says in `/proc`.

use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

#[cfg(all(qadapt_calls, not(miri)))]
pub(crate) use super::calls::{map_pages, unmap_pages};
pub(crate) use super::mappings::{for_each_code, for_each_module, locate, stack_around};
pub(crate) use super::posix::{
    TRAP, at_exit, at_fork, is_absolute, is_separator, keeping_error, parent, process, processor_time, trap,
    wait_for_error, working_directory, write_error,
};
use super::posix::{errno, raw_variable};
#[cfg(not(all(qadapt_calls, not(miri))))]
pub(crate) use super::posix::{map_pages, unmap_pages};

/// Hands on an environment variable; `None` in a privileged process too. It may be called before `main` only.
pub(crate) fn variable<T>(name: &CStr, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    if is_privileged() { None } else { raw_variable(name, read) }
}

/// True if the process has rights that its user has not (a set-user-id program): then that user's environment is not
/// to be trusted, as the C library and the loader do not trust it either (getauxval(3), `AT_SECURE`).
#[expect(unsafe_code, reason = "std does not know")]
fn is_privileged() -> bool {
    // Miri has no such list, and no privileges.
    if cfg!(miri) {
        return false;
    }
    // SAFETY: it cannot fail, and touches no memory of the caller's.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The program's path, where the kernel has it in a file.
#[expect(unsafe_code, reason = "std::env allocates")]
pub(crate) fn program(buffer: &mut [u8]) -> Option<&[u8]> {
    let name = c"/proc/self/exe".as_ptr();
    // SAFETY: the name is nul-terminated, and the buffer is writable for its length.
    let length = unsafe { libc::readlink(name, buffer.as_mut_ptr().cast(), buffer.len()) };
    // A path that fills the buffer may have been cut.
    usize::try_from(length)
        .ok()
        .filter(|&length| length < buffer.len())
        .and_then(|length| buffer.get(..length))
}

/// glibc's `__libc_single_threaded` (since 2.32): a byte, not 0 as long as there is one thread; null where there is no
/// such thing. Relaxed: set before `main` only.
static SINGLE: AtomicPtr<AtomicU8> = AtomicPtr::new(ptr::null_mut());

/// Looks for what the C library says of threads. It runs before `main`.
#[expect(unsafe_code, reason = "there are C libraries without this variable")]
pub(crate) fn look_up_threads() {
    // SAFETY: the name is nul-terminated.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
    SINGLE.store(found.cast(), Ordering::Relaxed);
}

/// True if this is known to be the process's only thread: then only it can start another one.
#[inline(always)]
#[expect(unsafe_code, reason = "reads a variable of the C library")]
pub(crate) fn is_alone() -> bool {
    // SAFETY: null, or the address of a byte of the C library's, which is never unloaded. The library writes it before a
    // second thread exists.
    let single = unsafe { SINGLE.load(Ordering::Relaxed).as_ref() };
    single.is_some_and(|single| single.load(Ordering::Relaxed) != 0)
}

/// The bounds of this thread's own stack, from the lowest address seen to be mapped, if that is what `address` lies on;
/// `local` is a thread-local of this thread.
pub(crate) fn own_stack(address: usize, local: usize) -> Option<(usize, usize)> {
    let (low, high) = stack_around(address)?;
    // The C library puts a thread's thread-locals at the end of its stack, and the kernel puts some random bytes for the
    // process at the end of the main thread's.
    let marks = [local, random_bytes()];
    marks.into_iter().find(|mark| (address..high).contains(mark)).map(|end| (low, end))
}

/// The address of the process's random bytes (getauxval(3)); 0 where there are none.
#[expect(unsafe_code, reason = "std does not know it")]
fn random_bytes() -> usize {
    // SAFETY: it takes any number and touches no memory of the program's.
    let address = unsafe { libc::getauxval(libc::AT_RANDOM) };
    usize::try_from(address).unwrap_or(0)
}

/// `RUSAGE_THREAD` (linux/resource.h), which not every C library names.
#[cfg(not(all(qadapt_calls, not(miri))))]
const OF_THREAD: c_int = 1;

/// The page faults of this thread so far: those that were served from memory, and those that waited for a disk.
#[expect(unsafe_code, reason = "std does not know them")]
pub(crate) fn page_faults() -> Option<[u64; 2]> {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // A region must not see the guard's own call.
    #[cfg(all(qadapt_calls, not(miri)))]
    let answer = super::calls::usage_of_thread(usage.as_mut_ptr());
    #[cfg(not(all(qadapt_calls, not(miri))))]
    // SAFETY: there is room for the answer.
    let answer = unsafe { libc::getrusage(OF_THREAD, usage.as_mut_ptr()) };
    // SAFETY: zeroed at first, which is a valid value.
    let usage = unsafe { usage.assume_init() };
    (answer == 0).then(|| [usage.ru_minflt, usage.ru_majflt].map(|faults| u64::try_from(faults).unwrap_or(0)))
}

/// Files can be mapped and keep a trace.
pub(crate) const HAS_TRACES: bool = true;

/// An open file.
pub(crate) struct File(c_int);

#[expect(unsafe_code, reason = "std's files allocate")]
impl File {
    /// Creates a file that is not there yet; or says in words why that cannot be.
    pub(crate) fn create(path: &CStr) -> Result<Self, &'static [u8]> {
        let how = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC;
        // SAFETY: the path is nul-terminated.
        let file = unsafe { libc::open(path.as_ptr(), how, 0o644) };
        if file >= 0 {
            return Ok(Self(file));
        }
        Err(match errno() {
            libc::ENOENT => b"the directory is not there, and nor is the one that it would be made in",
            libc::EACCES | libc::EPERM => b"this user may not write there",
            libc::EROFS => b"nothing can be written there",
            libc::ENOTDIR => b"a part of its path is a file, not a directory",
            libc::ENOSPC => b"there is no room on its disk",
            libc::EMFILE | libc::ENFILE => b"there are as many open files as there may be",
            _ => b"it cannot be made",
        })
    }

    /// Opens a file for reading and writing.
    pub(crate) fn open(path: &CStr) -> Option<Self> {
        // SAFETY: the path is nul-terminated.
        let file = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        (file >= 0).then(|| Self(file))
    }

    /// Gives the file its size, without any room on the disk.
    pub(crate) fn grow(&self, size: usize) -> bool {
        let size = libc::off_t::try_from(size).unwrap_or(0);
        // SAFETY: the file is open.
        unsafe { libc::ftruncate(self.0, size) == 0 }
    }

    /// Makes room on the disk for this part of the file. True as well where the file system cannot do that: there a full
    /// disk still ends the program.
    pub(crate) fn reserve(&self, offset: u64, length: u64) -> bool {
        let (Ok(offset), Ok(length)) = (libc::off_t::try_from(offset), libc::off_t::try_from(length)) else {
            return false;
        };
        loop {
            // SAFETY: the file is open; the call touches no memory.
            if unsafe { libc::fallocate(self.0, 0, offset, length) } == 0 {
                return true;
            }
            match errno() {
                libc::EINTR => {}
                libc::EOPNOTSUPP | libc::ENOSYS => return true,
                _ => return false,
            }
        }
    }

    /// Maps zeroed memory of this size for the life of the process, and over its beginning the file, which has `size`
    /// bytes. The file may be closed then.
    pub(crate) fn map(&self, size: usize, memory: usize) -> Option<*mut c_void> {
        let map = |at: *mut c_void, size, flags, file| {
            // SAFETY: a mapping where the kernel likes overlaps nothing; one at `at` is put over the one just made.
            let mapped = unsafe { libc::mmap(at, size, libc::PROT_READ | libc::PROT_WRITE, flags, file, 0) };
            (mapped != libc::MAP_FAILED).then_some(mapped)
        };
        let place = map(ptr::null_mut(), memory, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
        if map(place, size, libc::MAP_SHARED | libc::MAP_FIXED, self.0).is_none() {
            // SAFETY: nobody else knows of it.
            unsafe { libc::munmap(place, memory) };
            return None;
        }
        Some(place)
    }
}

#[expect(unsafe_code, reason = "the file was opened by hand")]
impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: it was opened above and is closed here only.
        unsafe { libc::close(self.0) };
    }
}

/// True if a file may have this size. Beyond the limit the kernel would send a signal.
#[expect(unsafe_code, reason = "std does not know limits")]
pub(crate) fn may_have_size(size: usize) -> bool {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: there is room for the answer.
    if unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, limit.as_mut_ptr()) } != 0 {
        return true;
    }
    // SAFETY: zeroed at first, which is a valid value, and `getrlimit` succeeded.
    let limit = unsafe { limit.assume_init() };
    limit.rlim_cur == libc::RLIM_INFINITY
        || libc::rlim_t::try_from(size).is_ok_and(|size| limit.rlim_cur >= size)
}

/// True if there is a file of this name.
#[expect(unsafe_code, reason = "std's copies the path")]
pub(crate) fn exists(path: &CStr) -> bool {
    // SAFETY: the path is nul-terminated.
    unsafe { libc::access(path.as_ptr(), libc::F_OK) == 0 }
}

/// Makes a directory for the user alone, unless there is one.
#[expect(unsafe_code, reason = "std's copies the path")]
pub(crate) fn make_directory(path: &CStr) {
    // SAFETY: the path is nul-terminated.
    unsafe { libc::mkdir(path.as_ptr(), 0o700) };
}

/// The bytes of a file; 0 where it cannot be asked.
#[expect(unsafe_code, reason = "std's metadata copies the path")]
pub(crate) fn size_of_file(path: &CStr) -> u64 {
    let mut status = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the path is nul-terminated and there is room for the answer.
    if unsafe { libc::stat(path.as_ptr(), status.as_mut_ptr()) } != 0 {
        return 0;
    }
    // SAFETY: zeroed at first, and `stat` succeeded.
    let status = unsafe { status.assume_init() };
    u64::try_from(status.st_size).unwrap_or(0)
}
