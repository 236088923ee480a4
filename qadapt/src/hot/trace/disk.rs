//! Room on the disk for the file's tables, before they are written.
//!
//! The file is as long as it can get, and at first has room for next to nothing: a thousand processes leave traces of
//! some 100 KiB each. Memory that is mapped from a file without room behind it ends the program with `SIGBUS` when the
//! disk is full, so each table is given room some pages ahead (fallocate(2)).

use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use qadapt_trace::Room;

use super::super::announce::Line;
use super::alone;

/// Makes room in this process's trace.
#[derive(Debug)]
pub(in crate::hot) enum Disk {}

/// The file's path, nul-terminated. It is opened anew each time: a program may close all files that it does not know,
/// and give their numbers to others. Relaxed: written before the trace is published, and in a forked child, which has
/// one thread.
static PATH: [AtomicU8; PATH_ROOM] = [const { AtomicU8::new(0) }; PATH_ROOM];
const PATH_ROOM: usize = 4096;

/// True once there was no room. Relaxed: only whether.
static FULL: AtomicBool = AtomicBool::new(false);

/// From here on room is made in this file.
pub(super) fn keep_path(path: &CStr) {
    for (place, &byte) in PATH.iter().zip(path.to_bytes_with_nul()) {
        place.store(byte, Ordering::Relaxed);
    }
    FULL.store(false, Ordering::Relaxed);
}

impl Room for Disk {
    fn reserve(offset: u64, length: u64) -> bool {
        if FULL.load(Ordering::Relaxed) {
            return false;
        }
        let has_room = keeping_errno(|| with_file(|file| allocate(file, offset, length)));
        if !has_room && !FULL.swap(true, Ordering::Relaxed) {
            keeping_errno(say_so);
        }
        has_room
    }

    #[inline]
    fn is_alone() -> bool {
        alone::is_alone()
    }
}

/// Makes room for this part of an open file. True as well where the file system cannot do that: there a full disk still
/// ends the program.
#[expect(unsafe_code, reason = "std cannot reserve room")]
pub(super) fn allocate(file: c_int, offset: u64, length: u64) -> bool {
    let (Ok(offset), Ok(length)) = (libc::off_t::try_from(offset), libc::off_t::try_from(length)) else {
        return false;
    };
    loop {
        // SAFETY: the file is open; the call touches no memory.
        if unsafe { libc::fallocate(file, 0, offset, length) } == 0 {
            return true;
        }
        match errno() {
            libc::EINTR => {}
            libc::EOPNOTSUPP | libc::ENOSYS => return true,
            _ => return false,
        }
    }
}

/// Opens the file, hands it on and closes it; false where it cannot be opened.
#[expect(unsafe_code, reason = "std's files allocate")]
fn with_file(act: impl FnOnce(c_int) -> bool) -> bool {
    // SAFETY: the path is nul-terminated, and nobody writes it any more.
    let file = unsafe { libc::open(PATH.as_ptr().cast(), libc::O_RDWR | libc::O_CLOEXEC) };
    if file < 0 {
        return false;
    }
    let done = act(file);
    // SAFETY: it was opened above, and `act` does not keep it.
    unsafe { libc::close(file) };
    done
}

fn say_so() {
    let mut line = Line::new();
    line.text(b"qadapt: the trace ");
    for byte in PATH.iter().map(|place| place.load(Ordering::Relaxed)).take_while(|&byte| byte != 0) {
        line.text(&[byte]);
    }
    line.text(
        b" gets no more room (is its disk full?): new regions, stacks and sites are missing from here on. ",
    )
    .text(b"Make room and run again")
    .write();
}

/// Runs system calls without the program noticing them in its `errno`.
fn keeping_errno<T>(act: impl FnOnce() -> T) -> T {
    let before = errno();
    let result = act();
    set_errno(before);
    result
}

#[expect(unsafe_code, reason = "std hands it out as an error only")]
fn errno() -> c_int {
    // SAFETY: it cannot fail.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's own, and always there.
    unsafe { place.read() }
}

#[expect(unsafe_code, reason = "std cannot set it")]
fn set_errno(value: c_int) {
    // SAFETY: it cannot fail.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: as in `errno`.
    unsafe { place.write(value) };
}
