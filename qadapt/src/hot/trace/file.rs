//! The file: created before `main`, and anew in every forked child.

use core::ffi::{CStr, c_int};
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};

use qadapt_trace::{NewModule, NewRegion, RegionKind, Trace, flags};

use super::super::announce::Line;
use super::super::capture::FRAME_POINTERS;
use super::super::{modules, setting};

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
    if directory.len() >= DIRECTORY_ROOM {
        Line::new().text(b"qadapt: no trace: the path in QADAPT_TRACE is too long").write();
        return;
    }
    for (place, &byte) in DIRECTORY.iter().zip(directory) {
        place.store(byte, Ordering::Relaxed);
    }
    let is_whole = setting::variable(c"QADAPT_WHOLE_PROGRAM").is_some_and(|value| value == b"1");
    WHOLE_PROGRAM.store(is_whole, Ordering::Relaxed);
    let Some(trace) = create(0) else { return };
    if is_whole {
        enter_whole_program(trace);
    }
    note_modules(trace);
    TRACE.store(ptr::from_ref(trace).cast_mut(), Ordering::Release);
    // SAFETY: the handler is a plain function that calls only what a forked child may call.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) };
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
    modules::for_each(|module| {
        trace.module(&NewModule {
            start: module.start as u64,
            end: module.end as u64,
            path: module.path,
            build_id: module.build_id(),
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
        own.inherit(before);
        note_modules(own);
        trace = ptr::from_ref(own).cast_mut();
    }
    TRACE.store(trace, Ordering::Release);
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
        // SAFETY: the path is nul-terminated. If the directory cannot be made, opening the file says why.
        unsafe { libc::mkdir(directory.as_ptr(), 0o777) };
    }
    path.push(b"/").push(program.rsplit(|&byte| byte == b'/').next().unwrap_or_default());
    path.push(b"-").number(pid.unsigned_abs()).push(b"-");
    let stem = path.length;
    let mut file = -1;
    // A process that becomes another program keeps its number.
    for attempt in 0..1000 {
        path.length = stem;
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
    let Some(trace) = (file >= 0).then(|| map(file)).flatten() else {
        let text = path.as_c_str().map_or(b"(its path is too long)".as_slice(), CStr::to_bytes);
        Line::new().text(b"qadapt: no trace, because this file cannot be made: ").text(text).write();
        return None;
    };
    let whole = if is_whole_program() { flags::WHOLE_PROGRAM } else { 0 };
    let walk = if FRAME_POINTERS { flags::FRAME_POINTERS } else { 0 };
    trace.begin(u64::from(pid.unsigned_abs()), parent, flags::CHECKS_ON | whole | walk, program);
    Some(trace)
}

/// Gives the file its size, maps it, and closes it.
#[expect(unsafe_code, reason = "std cannot map a file")]
fn map(file: c_int) -> Option<&'static Trace> {
    let size = size_of::<Trace>();
    // SAFETY: the file is open.
    let grown = unsafe { libc::ftruncate(file, libc::off_t::try_from(size).unwrap_or(0)) } == 0;
    let mapped = if grown {
        // SAFETY: a new mapping where the kernel likes overlaps nothing.
        unsafe {
            libc::mmap(ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, file, 0)
        }
    } else {
        libc::MAP_FAILED
    };
    // SAFETY: the caller opened the file and uses it no more; the mapping does not need it.
    unsafe { libc::close(file) };
    if mapped == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping is readable and writable, as large as a `Trace`, page-aligned as that asks, zeroed, which is a
    // valid one, and stays.
    unsafe { mapped.cast::<Trace>().as_ref() }
}

/// The bytes of a file; 0 where it cannot be asked.
#[expect(unsafe_code, reason = "std's metadata copies the path")]
fn file_size(path: &[u8]) -> u64 {
    let mut copy = Path::new();
    let Some(path) = copy.push(path).as_c_str() else { return 0 };
    let mut status = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the path is nul-terminated and there is room for the answer.
    if unsafe { libc::stat(path.as_ptr(), status.as_mut_ptr()) } != 0 {
        return 0;
    }
    // SAFETY: zeroed at first, and `stat` succeeded.
    let status = unsafe { status.assume_init() };
    u64::try_from(status.st_size).unwrap_or(0)
}

/// A path in a fixed buffer, with a nul at its end.
struct Path {
    bytes: [u8; 4096],
    length: usize,
    overflowed: bool,
}

impl Path {
    const fn new() -> Self {
        Self { bytes: [0; 4096], length: 0, overflowed: false }
    }

    fn push(&mut self, text: &[u8]) -> &mut Self {
        // One more is kept for the nul.
        match self.bytes.get_mut(self.length..).filter(|room| room.len() > text.len()) {
            Some(room) => {
                for (place, &byte) in room.iter_mut().zip(text.iter().chain(&[0])) {
                    *place = byte;
                }
                self.length += text.len();
            }
            None => self.overflowed = true,
        }
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        let mut divisor = 1_000_000_000;
        while divisor > 1 && number / divisor == 0 {
            divisor /= 10;
        }
        while divisor > 0 {
            self.push(b"0123456789".get((number / divisor % 10) as usize).map_or(b"", core::slice::from_ref));
            divisor /= 10;
        }
        self
    }

    fn as_c_str(&self) -> Option<&CStr> {
        let text = self.bytes.get(..=self.length).filter(|_| !self.overflowed)?;
        CStr::from_bytes_with_nul(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn a_path_is_put_together() {
        let mut path = Path::new();
        path.push(b"/tmp/x-").number(0).push(b"-").number(40_507);
        assert_eq!(path.as_c_str(), Some(c"/tmp/x-0-40507"));
        path.length = 5;
        path.push(b"y");
        assert_eq!(path.as_c_str(), Some(c"/tmp/y"));
    }

    #[test]
    fn a_path_that_does_not_fit_is_none() {
        let mut path = Path::new();
        path.push(&[b'x'; 4095]);
        assert_eq!(path.as_c_str().map(|text| text.to_bytes().len()), Some(4095));
        path.push(b"y");
        assert_eq!(path.as_c_str(), None);
    }
}
