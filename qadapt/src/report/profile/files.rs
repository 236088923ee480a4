//! Which files the addresses of a profile are in.

use core::ops::Range;

use crate::sys;

/// Machine code of a file that is loaded.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) addresses: Range<usize>,
    /// Where it begins in the file.
    pub(super) offset: usize,
    pub(super) path: Vec<u8>,
    /// The linker's mark of the file, in hexadecimal digits; empty where there is none.
    pub(super) id: String,
}

/// All of it, in the order of addresses: the program comes first as a rule.
pub(super) fn loaded() -> Vec<Code> {
    let mut files = Vec::new();
    sys::for_each_module(|module| {
        let id = hexadecimal(module.id);
        files.push(Code { addresses: module.start..module.end, offset: 0, path: module.path.to_vec(), id });
    });
    #[cfg(qadapt_elf)]
    let files = parts(&files);
    files
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// Of each file the parts that are loaded for execution, as pprof looks for them in the file's headers.
#[cfg(qadapt_elf)]
fn parts(files: &[Code]) -> Vec<Code> {
    let mut parts = Vec::new();
    sys::for_each_code(|addresses, offset, path| {
        let file = files.iter().find(|file| file.addresses.contains(&addresses.start));
        let id = file.map(|file| file.id.clone()).unwrap_or_default();
        parts.push(Code { addresses, offset, path: path.to_vec(), id });
    });
    parts
}
