//! Windows.
//!
//! Paths and variables are UTF-8 here and UTF-16 there; what is not valid Unicode becomes U+FFFD, so that such a directory
//! keeps no trace.

use core::ffi::{CStr, c_int, c_void};
use core::mem::{MaybeUninit, size_of};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use windows_sys::Win32::Foundation::{
    FILETIME, GetLastError, HANDLE, HMODULE, INVALID_HANDLE_VALUE, SetLastError,
};
use windows_sys::Win32::Storage::FileSystem::WriteFile;
use windows_sys::Win32::System::Console::{GetConsoleMode, GetStdHandle, STD_ERROR_HANDLE, WriteConsoleW};
use windows_sys::Win32::System::Diagnostics::Debug::DebugBreak;
use windows_sys::Win32::System::Environment::{GetCurrentDirectoryW, GetEnvironmentVariableW};
use windows_sys::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, MEMORY_BASIC_INFORMATION, PAGE_READWRITE, VirtualAlloc,
    VirtualFree, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::{
    K32EnumProcessModules, K32GetModuleFileNameExW, K32GetModuleInformation, MODULEINFO,
};
use windows_sys::Win32::System::SystemServices::DLL_PROCESS_DETACH;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentProcessId, GetCurrentThreadStackLimits, GetProcessTimes,
};

use self::text::{PATH, narrow, wide};
use super::Module;

#[path = "windows/files.rs"]
mod files;
#[path = "windows/text.rs"]
mod text;

pub(crate) use self::files::{File, HAS_TRACES, exists, make_directory, may_have_size, size_of_file};

/// What is still to be called at the process's end; null where nothing is. `AcqRel`: one caller takes it.
static AT_EXIT: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Has the handler called once when the process ends: by the C library where `main` returns, while other threads still
/// run; by the loader ([`at_detach`]) after `ExitProcess`, which `std::process::exit` calls, when they are gone. Wine's
/// loader does not.
#[expect(unsafe_code, reason = "std has no way to be called at exit")]
pub(crate) fn at_exit(handler: extern "C" fn()) {
    AT_EXIT.store(handler as *mut (), Ordering::Release);
    // SAFETY: the handler is a plain function that never unwinds.
    unsafe { libc::atexit(run_at_exit) };
}

#[expect(unsafe_code, reason = "a function that was kept as a pointer")]
extern "C" fn run_at_exit() {
    let handler = AT_EXIT.swap(ptr::null_mut(), Ordering::AcqRel);
    if !handler.is_null() {
        // SAFETY: `at_exit` stored such a function there, and nobody stores anything else but null.
        let handler = unsafe { core::mem::transmute::<*mut (), extern "C" fn()>(handler) };
        handler();
    }
}

/// What the loader calls when a thread or the process begins or ends (Microsoft's "PE Format", TLS callbacks).
pub(crate) extern "system" fn at_detach(_: *mut c_void, reason: u32, _: *mut c_void) {
    if reason == DLL_PROCESS_DETACH {
        run_at_exit();
    }
}

/// Nothing: Windows has no forks.
pub(crate) fn at_fork(_: unsafe extern "C" fn()) {}

/// Characters of a variable's value (`SetEnvironmentVariable`'s limit), and the bytes that they take in UTF-8.
const VALUE: usize = 32_767;
const VALUE_BYTES: usize = 3 * VALUE;

/// Hands on an environment variable.
#[expect(unsafe_code, reason = "std::env allocates")]
pub(crate) fn variable<T>(name: &CStr, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let mut wide_name = [0; 64];
    let name = wide(name.to_bytes(), &mut wide_name)?;
    // Too much for a stack.
    let pages = map_pages(2 * VALUE + VALUE_BYTES);
    if pages.is_null() {
        return None;
    }
    #[expect(clippy::cast_ptr_alignment, reason = "pages are aligned")]
    // SAFETY: these pages are new, zeroed, aligned, and so large.
    let characters = unsafe { core::slice::from_raw_parts_mut(pages.cast::<u16>(), VALUE) };
    // SAFETY: within the same pages, behind the characters.
    let rest = unsafe { pages.add(2 * VALUE) };
    // SAFETY: as above; nothing else refers to this part.
    let bytes = unsafe { core::slice::from_raw_parts_mut(rest, VALUE_BYTES) };
    let room = u32::try_from(VALUE).unwrap_or(0);
    // SAFETY: a missing variable is told from an empty one by the error that it sets.
    unsafe { SetLastError(0) };
    // SAFETY: the name ends in 0, and there is room for that many characters.
    let length = unsafe { GetEnvironmentVariableW(name, characters.as_mut_ptr(), room) } as usize;
    // SAFETY: it cannot fail.
    let is_there = length > 0 || unsafe { GetLastError() } == 0;
    let value = characters.get(..length).filter(|_| is_there).map(|value| read(narrow(value, bytes)));
    // SAFETY: they were mapped above with this size, and `read` is done.
    unsafe { unmap_pages(pages, 2 * VALUE + VALUE_BYTES) };
    value
}

/// The program's path.
pub(crate) fn program(buffer: &mut [u8]) -> Option<&[u8]> {
    path_of(buffer, |path, room| {
        #[expect(unsafe_code, reason = "std::env allocates")]
        // SAFETY: the buffer has so much room; no module means the program.
        unsafe {
            GetModuleFileNameW(ptr::null_mut(), path, room)
        }
    })
}

/// The working directory; `None` where it has no path that fits.
pub(crate) fn working_directory(buffer: &mut [u8]) -> Option<&[u8]> {
    path_of(buffer, |path, room| {
        #[expect(unsafe_code, reason = "std's allocates")]
        // SAFETY: the buffer has so much room.
        unsafe {
            GetCurrentDirectoryW(room, path)
        }
    })
}

/// What a call leaves in a buffer for a path, as UTF-8; the call gives the path's length.
fn path_of(buffer: &mut [u8], call: impl FnOnce(*mut u16, u32) -> u32) -> Option<&[u8]> {
    let mut path = [0; PATH];
    let length = call(path.as_mut_ptr(), u32::try_from(PATH).unwrap_or(0)) as usize;
    // One that is cut fills the buffer.
    let path = path.get(..length).filter(|path| !path.is_empty() && path.len() < PATH)?;
    (3 * path.len() <= buffer.len()).then(|| narrow(path, buffer))
}

/// True if a path says by itself where it leads, whatever the working directory is.
pub(crate) fn is_absolute(path: &[u8]) -> bool {
    path.first().is_some_and(|&first| is_separator(first)) || path.get(1) == Some(&b':')
}

/// True for what stands between the parts of a path.
pub(crate) fn is_separator(byte: u8) -> bool {
    byte == b'/' || byte == b'\\'
}

/// The process's number.
#[expect(unsafe_code, reason = "as on other platforms")]
pub(crate) fn process() -> u32 {
    // SAFETY: it cannot fail and touches no memory.
    unsafe { GetCurrentProcessId() }
}

/// 0: only a forked child asks.
pub(crate) fn parent() -> u32 {
    0
}

/// Writes to standard error: the number of bytes written, which may be 0; `None` where there is nobody to write to.
#[expect(unsafe_code, reason = "std's standard error takes a lock")]
pub(crate) fn write_error(bytes: &[u8]) -> Option<usize> {
    // SAFETY: it touches no memory of the program's.
    let file = unsafe { GetStdHandle(STD_ERROR_HANDLE) };
    if file.is_null() || file == INVALID_HANDLE_VALUE {
        return None;
    }
    let mut mode = 0;
    // SAFETY: there is room for the answer.
    if unsafe { GetConsoleMode(file, &raw mut mode) } != 0 {
        return write_console(file, bytes);
    }
    let mut written = 0;
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // SAFETY: `bytes` is readable for its length, and there is room for the answer.
    let done = unsafe { WriteFile(file, bytes.as_ptr(), length, &raw mut written, ptr::null_mut()) };
    (done != 0).then_some(written as usize)
}

/// A console takes UTF-16.
#[expect(unsafe_code, reason = "std's standard error takes a lock")]
fn write_console(file: HANDLE, bytes: &[u8]) -> Option<usize> {
    const ROOM: usize = 2048;
    let bytes = bytes.get(..ROOM).unwrap_or(bytes);
    let (text, used) = match core::str::from_utf8(bytes) {
        Ok(text) => (text, bytes.len()),
        Err(error) if error.valid_up_to() > 0 => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (core::str::from_utf8(valid).unwrap_or_default(), valid.len())
        }
        Err(error) => ("\u{FFFD}", error.error_len().unwrap_or(bytes.len())),
    };
    let mut characters = [0_u16; ROOM];
    let mut length = 0;
    for (place, character) in characters.iter_mut().zip(text.encode_utf16()) {
        *place = character;
        length += 1;
    }
    let mut written = 0;
    // SAFETY: so many characters are there, and there is room for the answer.
    let done = unsafe { WriteConsoleW(file, characters.as_ptr(), length, &raw mut written, ptr::null()) };
    (done != 0).then_some(used)
}

/// True at once: nobody tells whether a pipe is read, so that a write to one which is not waits for its reader.
#[expect(clippy::unnecessary_wraps, reason = "as where somebody tells")]
pub(crate) fn wait_for_error(_: c_int) -> Option<bool> {
    Some(true)
}

/// What [`trap`] raises.
pub(crate) const TRAP: &[u8] = b"a breakpoint exception";

/// Stops the program for a debugger; without one the exception ends it.
#[expect(unsafe_code, reason = "std cannot raise an exception")]
pub(crate) fn trap() {
    // SAFETY: what the exception does is the user's choice of mode.
    unsafe { DebugBreak() };
}

/// Nanoseconds of processor time that the process has used; 0 where nobody counts them.
#[expect(unsafe_code, reason = "std does not know it")]
pub(crate) fn processor_time() -> u64 {
    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [created, exited, kernel, user] = &mut times;
    // SAFETY: it cannot fail.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the handle stands for this process, and there is room for the answers.
    unsafe { GetProcessTimes(process, created, exited, kernel, user) };
    let [_, _, kernel, user] =
        times.map(|time| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime));
    kernel.saturating_add(user).saturating_mul(100)
}

/// At least so many zeroed bytes, aligned to a page; null where there are none.
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(crate) fn map_pages(bytes: usize) -> *mut u8 {
    // SAFETY: new pages wherever the system puts them: no memory of anybody's changes.
    unsafe { VirtualAlloc(ptr::null(), bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE).cast() }
}

/// Gives pages back.
///
/// # Safety
/// They came from [`map_pages`], and nothing uses them any more.
#[expect(unsafe_code, reason = "std has no memory without an allocator")]
pub(crate) unsafe fn unmap_pages(pages: *mut u8, _: usize) {
    // SAFETY: the caller's contract. An error leaves them mapped, which harms nobody.
    let _ = unsafe { VirtualFree(pages.cast(), 0, MEM_RELEASE) };
}

/// Runs system calls without the program noticing them in its last error.
#[expect(unsafe_code, reason = "std cannot set it")]
pub(crate) fn keeping_error<T>(act: impl FnOnce() -> T) -> T {
    // SAFETY: it cannot fail.
    let before = unsafe { GetLastError() };
    let result = act();
    // SAFETY: it cannot fail.
    unsafe { SetLastError(before) };
    result
}

/// What the kernel says of the pages round an address.
#[expect(unsafe_code, reason = "std does not know")]
fn pages_around(address: usize) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut pages = MaybeUninit::<MEMORY_BASIC_INFORMATION>::zeroed();
    let size = size_of::<MEMORY_BASIC_INFORMATION>();
    // SAFETY: the address is only looked up, and there is room for the answer.
    let filled = unsafe { VirtualQuery(ptr::without_provenance(address), pages.as_mut_ptr(), size) };
    // SAFETY: zeroed at first, which is a valid value.
    (filled == size).then(|| unsafe { pages.assume_init() })
}

/// The bounds of the pages that hold `address`, if they can be written and are no guard: a stack lies in such.
pub(crate) fn stack_around(address: usize) -> Option<(usize, usize)> {
    let pages = pages_around(address)?;
    let low = pages.BaseAddress.addr();
    (pages.State == MEM_COMMIT && pages.Protect == PAGE_READWRITE).then_some((low, low + pages.RegionSize))
}

/// The bounds of this thread's own stack, from the lowest address seen to be mapped, if that is what `address` lies on.
#[expect(unsafe_code, reason = "std does not know")]
pub(crate) fn own_stack(address: usize, _: usize) -> Option<(usize, usize)> {
    let (low, high) = stack_around(address)?;
    let (mut limit, mut end) = (0, 0);
    // SAFETY: there is room for the answers.
    unsafe { GetCurrentThreadStackLimits(&raw mut limit, &raw mut end) };
    (limit <= low && high == end).then_some((low, end))
}

/// Calls `found` with the file that holds `address` and the address within it, counted from where the file was loaded.
pub(crate) fn locate(address: usize, mut found: impl FnMut(&[u8], usize)) {
    let Some(pages) = pages_around(address) else { return };
    let mut path = [0; 3 * PATH];
    if let Some(path) = path_of_module(pages.AllocationBase, &mut path) {
        found(path, address - pages.AllocationBase.addr());
    }
}

/// The path of a loaded file. It is read from the loader's list as another process's debugger would read it, without the
/// loader's lock.
fn path_of_module(module: HMODULE, buffer: &mut [u8]) -> Option<&[u8]> {
    path_of(buffer, |path, room| {
        // SAFETY: the handle stands for this process.
        #[expect(unsafe_code, reason = "std does not know")]
        let process = unsafe { GetCurrentProcess() };
        #[expect(unsafe_code, reason = "std does not know")]
        // SAFETY: the buffer has so much room; what is no module is an error.
        unsafe {
            K32GetModuleFileNameExW(process, module, path, room)
        }
    })
}

/// Calls `found` with each file that is loaded for execution. Files have no ids here: their sizes tell builds apart.
#[expect(unsafe_code, reason = "std does not know")]
pub(crate) fn for_each_module(mut found: impl FnMut(&Module<'_>)) {
    let mut modules: [HMODULE; 512] = [ptr::null_mut(); 512];
    let mut bytes = 0;
    let room = u32::try_from(size_of_val(&modules)).unwrap_or(0);
    // SAFETY: the handle stands for this process.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: there is room for so many bytes of answer.
    if unsafe { K32EnumProcessModules(process, modules.as_mut_ptr(), room, &raw mut bytes) } == 0 {
        return;
    }
    for &module in modules.iter().take(bytes as usize / size_of::<HMODULE>()) {
        let mut about = MaybeUninit::<MODULEINFO>::zeroed();
        let size = u32::try_from(size_of::<MODULEINFO>()).unwrap_or(0);
        // SAFETY: there is room for the answer; a module that was unloaded is an error.
        let known = unsafe { K32GetModuleInformation(process, module, about.as_mut_ptr(), size) };
        // SAFETY: zeroed at first, which is a valid value.
        let about = unsafe { about.assume_init() };
        let mut path = [0; 3 * PATH];
        if let Some(path) = path_of_module(module, &mut path).filter(|_| known != 0) {
            let start = about.lpBaseOfDll.addr();
            found(&Module { start, end: start + about.SizeOfImage as usize, path, id: b"" });
        }
    }
}

/// Nobody tells how many threads there are.
pub(crate) fn look_up_threads() {}

/// False: it is not known.
#[inline(always)]
pub(crate) fn is_alone() -> bool {
    false
}

/// `None`: they are counted for the whole process alone.
pub(crate) fn page_faults() -> Option<[u64; 2]> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_loaded_and_located() {
        let here = this_program_is_loaded_and_located as fn() as usize;
        let expected = std::env::current_exe().expect("the program's path").to_string_lossy().into_owned();
        let mut seen = 0;
        for_each_module(|module| {
            if (module.start..module.end).contains(&here) {
                seen += 1;
                assert!(expected.eq_ignore_ascii_case(&String::from_utf8_lossy(module.path)));
                let start = module.start;
                locate(here, |path, offset| {
                    assert_eq!((path, offset), (module.path, here - start));
                    seen += 1;
                });
            }
        });
        assert_eq!(seen, 2);
        locate(0, |path, _| panic!("found in {path:?}"));
    }

    #[test]
    fn a_stack_has_bounds() {
        let here = 0_u8;
        let address = ptr::from_ref(&here).addr();
        let (low, high) = own_stack(address, 0).expect("a thread's own stack");
        assert!((low..high).contains(&address));
        let elsewhere = Box::new(0_u8);
        assert_eq!(own_stack(ptr::from_ref(&*elsewhere).addr(), 0), None);
    }
}
