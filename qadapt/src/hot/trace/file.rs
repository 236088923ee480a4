//! The file: created before `main`, and anew in every forked child.

use core::ffi::{CStr, c_int, c_void};
use core::mem::{MaybeUninit, size_of};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};

use qadapt_trace::{NewModule, NewRegion, RegionKind, flags};

use super::super::announce::Line;
use super::super::capture::FRAME_POINTERS;
use super::super::{modules, setting};
use super::alone;
use super::disk::{self, Disk};
use super::path::Path;

/// A trace in a mapped file.
pub(in crate::hot) type Trace = qadapt_trace::Trace<Disk>;

/// The mapped file; null where no trace is written. Release where it is set pairs with Acquire where it is read: with
/// the pointer comes the header.
static TRACE: AtomicPtr<Trace> = AtomicPtr::new(ptr::null_mut());
/// Relaxed: set before `main` only.
static WHOLE_PROGRAM: AtomicBool = AtomicBool::new(false);
/// The directory, for forked children. Relaxed: written before `main` only.
static DIRECTORY: [AtomicU8; DIRECTORY_ROOM] = [const { AtomicU8::new(0) }; DIRECTORY_ROOM];

const DIRECTORY_ROOM: usize = 2048;

/// True while a trace is written.
#[inline]
pub(crate) fn is_on() -> bool {
    // Relaxed: only whether.
    !TRACE.load(Ordering::Relaxed).is_null()
}

/// The trace, while one is written.
#[inline]
#[expect(unsafe_code, reason = "the trace lies in a mapped file")]
pub(in crate::hot) fn active() -> Option<&'static Trace> {
    // SAFETY: what is stored there is null, or a mapping that `map` made: as large as a `Trace`, aligned to pages, zeroed
    // at first, which is a valid one, and never unmapped. All access to it is atomic.
    unsafe { TRACE.load(Ordering::Acquire).as_ref() }
}

/// True while everything that the process does counts as one region.
#[inline]
pub(in crate::hot) fn is_whole_program() -> bool {
    WHOLE_PROGRAM.load(Ordering::Relaxed)
}

/// Begins to trace if `QADAPT_TRACE` names a directory, with the whole program as a region if
/// `QADAPT_WHOLE_PROGRAM=1`. It runs before `main`, without allocating.
#[expect(unsafe_code, reason = "std cannot be called at a fork")]
pub(crate) fn start() {
    let Some(directory) = setting::variable(c"QADAPT_TRACE").filter(|directory| !directory.is_empty()) else {
        return;
    };
    // The program may change its working directory before it forks, or before the file needs more room.
    let mut here = [0; DIRECTORY_ROOM];
    let here = if directory.starts_with(b"/") { b"" } else { working_directory(&mut here) };
    let separator: &[u8] = if here.is_empty() { b"" } else { b"/" };
    let parts = [here, separator, directory];
    if parts.iter().map(|part| part.len()).sum::<usize>() >= DIRECTORY_ROOM {
        Line::new().text(b"qadapt: no trace: the path in QADAPT_TRACE is too long").write();
        return;
    }
    for (place, &byte) in DIRECTORY.iter().zip(parts.iter().copied().flatten()) {
        place.store(byte, Ordering::Relaxed);
    }
    let is_whole = setting::variable(c"QADAPT_WHOLE_PROGRAM").is_some_and(|value| value == b"1");
    WHOLE_PROGRAM.store(is_whole, Ordering::Relaxed);
    alone::look_up();
    let Some(trace) = create(0) else { return };
    if is_whole {
        enter_whole_program(trace);
    }
    note_modules(trace);
    TRACE.store(ptr::from_ref(trace).cast_mut(), Ordering::Release);
    setting::set_traced(true);
    // SAFETY: the handler is a plain function that calls only what a forked child may call.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) };
}

/// The working directory; empty where it has no path that fits.
#[expect(unsafe_code, reason = "std's allocates")]
fn working_directory(buffer: &mut [u8; DIRECTORY_ROOM]) -> &[u8] {
    // SAFETY: the buffer is writable for its length.
    let path = unsafe { libc::getcwd(buffer.as_mut_ptr().cast(), buffer.len()) };
    if path.is_null() {
        return b"";
    }
    CStr::from_bytes_until_nul(buffer).map_or(b"", CStr::to_bytes)
}

/// Says that the process ended by itself, and looks for modules that were loaded since.
pub(crate) fn finish() {
    if let Some(trace) = active() {
        note_modules(trace);
        trace.set_flags(flags::EXITED);
    }
}

/// Adds the files that are loaded now to the trace's modules.
pub(super) fn note_modules(trace: &Trace) {
    let memory = modules::Memory::open();
    modules::for_each(|module| {
        trace.module(&NewModule {
            start: module.start as u64,
            end: module.end as u64,
            path: module.path,
            build_id: module.build_id(&memory).bytes(),
            file_size: file_size(module.path),
        });
    });
}

/// The whole program is the first region, [`RegionNumber::FIRST`](qadapt_trace::RegionNumber::FIRST).
fn enter_whole_program(trace: &Trace) {
    let region = NewRegion {
        key: 1,
        kind: RegionKind::WholeProgram,
        name: b"the whole program",
        file: b"",
        line: 0,
        column: 0,
    };
    if let Some(region) = trace.region(&region) {
        trace.enter(region);
    }
}

/// In a forked child: it writes a trace of its own, to which the open regions belong too.
#[expect(unsafe_code, reason = "the parent's process id")]
extern "C" fn forked() {
    let Some(before) = active() else { return };
    // SAFETY: it cannot fail and touches no memory.
    let parent = unsafe { libc::getppid() };
    // Where there is no file for the child, its events must not go into the parent's.
    let mut trace = ptr::null_mut();
    if let Some(own) = create(u64::from(parent.unsigned_abs())) {
        // It says so itself where there is no room.
        if own.inherit(before) {
            note_modules(own);
            trace = ptr::from_ref(own).cast_mut();
        }
    }
    TRACE.store(trace, Ordering::Release);
    setting::set_traced(!trace.is_null());
}

/// Creates and maps a file and writes its header; says so if that fails.
#[expect(unsafe_code, reason = "std's files allocate")]
fn create(parent: u64) -> Option<&'static Trace> {
    let mut program = [0; 1024];
    // SAFETY: the path is nul-terminated, and the buffer is writable for its length.
    let length =
        unsafe { libc::readlink(c"/proc/self/exe".as_ptr(), program.as_mut_ptr().cast(), program.len()) };
    let program = usize::try_from(length).ok().and_then(|length| program.get(..length)).unwrap_or(b"program");
    // SAFETY: it cannot fail and touches no memory.
    let pid = unsafe { libc::getpid() };
    let mut path = Path::new();
    for byte in DIRECTORY.iter().map(|place| place.load(Ordering::Relaxed)).take_while(|&byte| byte != 0) {
        path.push(&[byte]);
    }
    if let Some(directory) = path.as_c_str() {
        // What runs may be nobody's business but the user's.
        // SAFETY: the path is nul-terminated. If the directory cannot be made, opening the file says why.
        unsafe { libc::mkdir(directory.as_ptr(), 0o700) };
    }
    path.push(b"/").push(program.rsplit(|&byte| byte == b'/').next().unwrap_or_default());
    path.push(b"-").number(pid.unsigned_abs()).push(b"-");
    let stem = path.length();
    let mut file = -1;
    // A process that becomes another program keeps its number.
    for attempt in 0..1000 {
        path.cut(stem);
        path.number(attempt).push(b".qtrace");
        let Some(path) = path.as_c_str() else { break };
        // SAFETY: the path is nul-terminated.
        file = unsafe {
            libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC, 0o644)
        };
        // SAFETY: the path is nul-terminated.
        if file >= 0 || unsafe { libc::access(path.as_ptr(), libc::F_OK) } != 0 {
            break;
        }
    }
    let made = if file < 0 { Err(b"it cannot be made".as_slice()) } else { map(file) };
    let trace = match (made, path.as_c_str()) {
        (Ok(trace), Some(path)) => {
            disk::keep_path(path);
            trace
        }
        (made, path) => {
            let name = path.map_or(b"(its path is too long)".as_slice(), CStr::to_bytes);
            let why = made.err().unwrap_or_default();
            Line::new().text(b"qadapt: no trace in ").text(name).text(b": ").text(why).write();
            if let Some(path) = path.filter(|_| file >= 0) {
                // SAFETY: the path is nul-terminated.
                unsafe { libc::unlink(path.as_ptr()) };
            }
            return None;
        }
    };
    let whole = if is_whole_program() { flags::WHOLE_PROGRAM } else { 0 };
    let walk = if FRAME_POINTERS { flags::FRAME_POINTERS } else { 0 };
    trace.begin(u64::from(pid.unsigned_abs()), parent, flags::CHECKS_ON | whole | walk, program);
    Some(trace)
}

/// Gives the file its size, maps it, and closes it; or says in words why that cannot be.
#[expect(unsafe_code, reason = "std cannot map a file")]
fn map(file: c_int) -> Result<&'static Trace, &'static [u8]> {
    let mapped = if !may_grow() {
        Err(b"the limit on the size of files (ulimit -f) is below its 9 MB".as_slice())
    } else if grow(file) && disk::allocate(file, 0, qadapt_trace::HEADER_SIZE as u64) {
        map_over(file).ok_or(b"it cannot be mapped".as_slice())
    } else {
        Err(b"there is no room on its disk; make some, or name another directory in QADAPT_TRACE".as_slice())
    };
    // SAFETY: the caller opened the file and uses it no more; the mapping does not need it.
    unsafe { libc::close(file) };
    mapped
}

/// True if a file may be as large as a trace. Beyond the limit the kernel would send a signal.
#[expect(unsafe_code, reason = "std does not know limits")]
fn may_grow() -> bool {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: there is room for the answer.
    if unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, limit.as_mut_ptr()) } != 0 {
        return true;
    }
    // SAFETY: zeroed at first, which is a valid value, and `getrlimit` succeeded.
    let limit = unsafe { limit.assume_init() };
    limit.rlim_cur == libc::RLIM_INFINITY || limit.rlim_cur >= Trace::FILE_SIZE as u64
}

/// Gives the file its size, without any room on the disk.
#[expect(unsafe_code, reason = "std's files allocate")]
fn grow(file: c_int) -> bool {
    let size = libc::off_t::try_from(Trace::FILE_SIZE).unwrap_or(0);
    // SAFETY: the file is open.
    unsafe { libc::ftruncate(file, size) == 0 }
}

/// Maps memory for a trace, and over its beginning the file.
#[expect(unsafe_code, reason = "std cannot map a file")]
fn map_over(file: c_int) -> Option<&'static Trace> {
    let map = |at: *mut c_void, size, flags, file| {
        // SAFETY: a mapping where the kernel likes overlaps nothing; one at `at` is put over the one just made.
        let mapped = unsafe { libc::mmap(at, size, libc::PROT_READ | libc::PROT_WRITE, flags, file, 0) };
        (mapped != libc::MAP_FAILED).then_some(mapped)
    };
    let memory = map(ptr::null_mut(), size_of::<Trace>(), libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    if map(memory, Trace::FILE_SIZE, libc::MAP_SHARED | libc::MAP_FIXED, file).is_none() {
        // SAFETY: nobody else knows of it.
        unsafe { libc::munmap(memory, size_of::<Trace>()) };
        return None;
    }
    // SAFETY: the mapping is readable and writable, as large as a `Trace`, page-aligned as that asks, zeroed, which is a
    // valid one, and stays.
    unsafe { memory.cast::<Trace>().as_ref() }
}

/// The bytes of a file; 0 where it cannot be asked.
#[expect(unsafe_code, reason = "std's metadata copies the path")]
fn file_size(path: &[u8]) -> u64 {
    let mut copy = Path::new();
    let Some(path) = copy.push(path).as_c_str() else { return 0 };
    let mut status = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the path is nul-terminated and there is room for the answer.
    if unsafe { libc::stat(path.as_ptr(), status.as_mut_ptr()) } != 0 {
        return 0;
    }
    // SAFETY: zeroed at first, and `stat` succeeded.
    let status = unsafe { status.assume_init() };
    u64::try_from(status.st_size).unwrap_or(0)
}
