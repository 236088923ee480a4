//! Room on the disk for the file's tables, before they are written.
//!
//! The file is as long as it can get, and at first has room for next to nothing: a thousand processes leave traces of
//! some 100 KiB each. Memory that is mapped from a file without room behind it ends the program with `SIGBUS` when the
//! disk is full, so each table is given room some pages ahead (fallocate(2)).

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use qadapt_trace::Room;

use super::super::announce::Line;
use crate::sys;

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

/// The path that is kept. It is not copied: this runs on the threads of regions, whose stacks may be small.
#[expect(unsafe_code, reason = "nobody writes any more what is written atomically")]
fn path<'a>() -> &'a CStr {
    // SAFETY: so many bytes are there. They change in `keep_path` alone: before the trace is published, through which all come here,
    // and in a forked child, whose one thread then holds no such reference.
    let bytes = unsafe { core::slice::from_raw_parts(PATH.as_ptr().cast::<u8>(), PATH_ROOM) };
    CStr::from_bytes_until_nul(bytes).unwrap_or_default()
}

impl Room for Disk {
    fn reserve(offset: u64, length: u64) -> bool {
        if FULL.load(Ordering::Relaxed) {
            return false;
        }
        let outcome = sys::keeping_error(|| allocate(offset, length));
        let Err(why) = outcome else { return true };
        if !FULL.swap(true, Ordering::Relaxed) {
            sys::keeping_error(|| say_so(why));
        }
        false
    }

    #[inline]
    fn is_alone() -> bool {
        sys::is_alone()
    }
}

/// Opens the file and makes room for this part of it; else says why there is none.
fn allocate(offset: u64, length: u64) -> Result<(), &'static [u8]> {
    let file = sys::File::open(path())
        .ok_or(b"cannot be opened any more (has the program another user or root now?)".as_slice())?;
    if file.reserve(offset, length) { Ok(()) } else { Err(b"gets no more room (is its disk full?)") }
}

fn say_so(why: &[u8]) {
    Line::new()
        .text(b"qadapt: the trace ")
        .text(path().to_bytes())
        .text(b" ")
        .text(why)
        .text(b": new regions, stacks and sites are missing from here on. Mend that and run again")
        .write();
}
