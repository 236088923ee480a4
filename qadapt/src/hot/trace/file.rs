//! The file: created before `main`, and anew in every forked child.

use core::ffi::CStr;
use core::mem::size_of;
use core::sync::atomic::{AtomicU8, Ordering};

use qadapt_trace::{NewRegion, RegionKind, flags};

use super::super::announce::Line;
use super::super::capture::FRAME_POINTERS;
use super::super::setting;
use super::current::{self, Trace, active, is_whole_program, set_whole_program};
use super::modules::note_modules;
use super::path::Path;
use super::{disk, draw, live, thread};
use crate::sys;

/// The directory, for forked children. Relaxed: written before `main` only.
static DIRECTORY: [AtomicU8; DIRECTORY_ROOM] = [const { AtomicU8::new(0) }; DIRECTORY_ROOM];

const DIRECTORY_ROOM: usize = 2048;

/// Begins to trace if `QADAPT_TRACE` names a directory, with the whole program as a region if
/// `QADAPT_WHOLE_PROGRAM=1`. It runs before `main`, without allocating.
pub(crate) fn start() {
    sys::variable(c"QADAPT_TRACE", |directory| {
        if !directory.is_empty() {
            start_in(directory);
        }
    });
}

fn start_in(directory: &[u8]) {
    if !sys::HAS_TRACES {
        Line::new().text(b"qadapt: no trace: this platform has none").write();
        return;
    }
    // The program may change its working directory before it forks, or before the file needs more room.
    let mut here = [0; DIRECTORY_ROOM];
    let here = if sys::is_absolute(directory) { None } else { sys::working_directory(&mut here) };
    let separator: &[u8] = if here.is_none() { b"" } else { b"/" };
    let parts = [here.unwrap_or_default(), separator, directory];
    if parts.iter().map(|part| part.len()).sum::<usize>() >= DIRECTORY_ROOM {
        Line::new().text(b"qadapt: no trace: the path in QADAPT_TRACE is too long").write();
        return;
    }
    for (place, &byte) in DIRECTORY.iter().zip(parts.iter().copied().flatten()) {
        place.store(byte, Ordering::Relaxed);
    }
    let is_whole = setting::is_switched_on(c"QADAPT_WHOLE_PROGRAM");
    set_whole_program(is_whole);
    thread::start();
    live::start();
    sys::look_up_threads();
    let Some(trace) = create(0) else { return };
    if is_whole {
        enter_whole_program(trace);
    }
    note_modules(trace);
    current::set(Some(trace));
    sys::at_fork(forked);
}

/// Says that the process ended by itself, and looks for modules that were loaded since. A process without any event is asked
/// here whether the guard is its allocator.
pub(crate) fn finish(is_installed: impl FnOnce() -> bool) {
    if let Some(trace) = active() {
        if is_installed() {
            trace.set_flags(flags::ALLOCATOR);
        }
        note_modules(trace);
        trace.set_flags(flags::EXITED);
    }
}

/// The whole program is the first region, [`RegionNumber::FIRST`](qadapt_trace::RegionNumber::FIRST).
fn enter_whole_program(trace: &Trace) {
    let region = NewRegion {
        key: 1,
        kind: RegionKind::WholeProgram,
        name: b"the whole program",
        thread: b"",
        file: b"",
        line: 0,
        column: 0,
    };
    if let Some(region) = trace.region(&region) {
        trace.enter(region);
    }
}

/// In a forked child: it writes a trace of its own, to which the open regions belong too.
extern "C" fn forked() {
    let Some(before) = active() else { return };
    // Where there is no file for the child, its events must not go into the parent's.
    let mut trace = None;
    live::start_anew();
    if let Some(own) = create(u64::from(sys::parent())) {
        // It says so itself where there is no room.
        if own.inherit(before) {
            note_modules(own);
            trace = Some(own);
        }
    }
    current::set(trace);
}

/// Creates and maps a file and writes its header; says so if that fails.
fn create(parent: u64) -> Option<&'static Trace> {
    let mut program = [0; 1024];
    let program = sys::program(&mut program).unwrap_or(b"program");
    let pid = sys::process();
    let mut path = Path::new();
    for byte in DIRECTORY.iter().map(|place| place.load(Ordering::Relaxed)).take_while(|&byte| byte != 0) {
        path.push(&[byte]);
    }
    if let Some(directory) = path.as_c_str() {
        // What runs may be nobody's business but the user's. If the directory cannot be made, opening the file says why.
        sys::make_directory(directory);
    }
    path.push(b"/").push(program.rsplit(|&byte| sys::is_separator(byte)).next().unwrap_or_default());
    path.push(b"-").number(pid).push(b"-");
    let made = match make_file(&mut path) {
        // An empty file takes no room, and tells who reads the folder that a process is missing.
        Ok(file) => map(&file).inspect_err(|_| {
            file.grow(0);
        }),
        Err(why) => Err(why),
    };
    let trace = match (made, path.as_c_str()) {
        (Ok(trace), Some(path)) => {
            disk::keep_path(path);
            trace
        }
        (made, path) => {
            let name = path.map_or(b"(its path is too long)".as_slice(), CStr::to_bytes);
            let why = made.err().unwrap_or_default();
            Line::new().text(b"qadapt: no trace in ").text(name).text(b": ").text(why).write();
            return None;
        }
    };
    let whole = if is_whole_program() { flags::WHOLE_PROGRAM } else { 0 };
    let walk = if FRAME_POINTERS { flags::FRAME_POINTERS } else { 0 };
    let live = if draw::follows_all() { flags::LIVE } else { flags::SAMPLED };
    trace.begin(u64::from(pid), parent, flags::CHECKS_ON | whole | walk | live, program);
    // cargo-nextest runs a process for each test, and says which: <https://nexte.st/docs/configuration/env-vars/>.
    sys::variable(c"NEXTEST_TEST_NAME", |name| trace.set_test(name));
    Some(trace)
}

/// Creates a file whose name begins so, and completes the name; or says in words why that cannot be. A process that becomes
/// another program keeps its number.
fn make_file(path: &mut Path) -> Result<sys::File, &'static [u8]> {
    let stem = path.length();
    for attempt in 0..1000 {
        path.cut(stem);
        path.number(attempt).push(b".qtrace");
        let path = path.as_c_str().ok_or(b"it cannot be made".as_slice())?;
        let file = sys::File::create(path);
        if file.is_ok() || !sys::exists(path) {
            return file;
        }
    }
    Err(b"there are a thousand of that name; remove some")
}

/// Gives the file its size and maps it; or says in words why that cannot be.
fn map(file: &sys::File) -> Result<&'static Trace, &'static [u8]> {
    if !sys::may_have_size(Trace::FILE_SIZE) {
        return Err(b"the limit on the size of files (ulimit -f) is below its 22 MB");
    }
    if !file.grow(Trace::FILE_SIZE) || !file.reserve(0, qadapt_trace::HEADER_SIZE as u64) {
        return Err(b"there is no room on its disk; make some, or name another directory in QADAPT_TRACE");
    }
    let memory = file.map(Trace::FILE_SIZE, size_of::<Trace>()).ok_or(b"it cannot be mapped".as_slice())?;
    #[expect(unsafe_code, reason = "std cannot map a file")]
    // SAFETY: the mapping is readable and writable, as large as a `Trace`, page-aligned as that asks, zeroed, which is a
    // valid one, and stays.
    unsafe { memory.cast::<Trace>().as_ref() }.ok_or(b"it cannot be mapped")
}
