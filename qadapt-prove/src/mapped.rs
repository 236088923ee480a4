//! Files mapped into memory, and nothing else: a pipe has nobody who writes, and whoever reads it waits.

use std::fs::{File, metadata};
use std::io::{Error, Result};
use std::path::Path;

use memmap2::Mmap;
use qadapt_code::map::map;

/// Maps a file for reading.
///
/// # Errors
/// What the system says, or what it is instead of a file.
pub(crate) fn mapped(path: &Path) -> Result<Mmap> {
    let kind = metadata(path)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        return Err(Error::other(format!("it is {what}; give the linked executable or shared library")));
    }
    map(&File::open(path)?)
}
