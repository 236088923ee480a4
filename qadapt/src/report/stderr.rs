//! Standard error past every lock: the program's file 2 itself.
//!
//! Another thread may hold the lock of [`std::io::stderr`] for ever (a progress bar does), and a thread that a fork
//! left behind never lets go of it. So QADAPT writes to the file without that lock: what fits into a pipe's buffer in
//! one call, so that lines of several threads stay whole.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::hot::announce::is_read;
use crate::sys;

/// Texts that nobody read in time. Relaxed: it is a count.
static UNREAD: AtomicU64 = AtomicU64::new(0);

/// A pipe takes so many bytes in one piece (`PIPE_BUF` of Linux, pipe(7)).
const PIECE: usize = 4096;

/// Writes a text and the end of a line. Where standard error is closed the text is passed over; where nobody reads it
/// in time, it is counted, and said at the process's end.
pub(super) fn write(text: &str) {
    let line = [text.as_bytes(), b"\n"].concat();
    let mut rest = line.as_slice();
    while !rest.is_empty() {
        if !is_read() {
            UNREAD.fetch_add(1, Ordering::Relaxed);
            return;
        }
        match sys::write_error(rest.get(..PIECE).unwrap_or(rest)) {
            Some(written) => rest = rest.get(written..).unwrap_or_default(),
            None => return,
        }
    }
}

/// Takes the number of texts that were cut short because nobody read them.
pub(super) fn take_unread() -> u64 {
    UNREAD.swap(0, Ordering::Relaxed)
}
