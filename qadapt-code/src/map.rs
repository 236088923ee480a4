//! The one unsafe call: a file mapped into memory.
#![allow(unsafe_code, reason = "mapping a file is unsafe because another process may change it")]

use std::fs::File;

use memmap2::Mmap;

/// Maps a file for reading.
///
/// # Errors
/// What the system says.
pub fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is private and read-only. If another process truncates the file meanwhile, reading ends in
    // SIGBUS, and if it rewrites it, the bytes read may be old or new: every reader here takes any bytes.
    unsafe { Mmap::map(file) }
}
