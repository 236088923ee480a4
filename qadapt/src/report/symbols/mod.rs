//! Functions and lines: what the return addresses of a stack are called in the program's source.

#[cfg_attr(not(qadapt_elf), path = "other.rs")]
#[cfg_attr(qadapt_elf, path = "elf.rs")]
mod platform;

use std::path::PathBuf;

pub(super) use platform::{forked, resolve};

/// A function at a return address; inlined ones share their address with the function that they are part of.
#[derive(Debug, Default)]
pub(super) struct Symbol {
    /// The name, without the hash at its end.
    pub(super) function: Option<String>,
    pub(super) file: Option<PathBuf>,
    /// 0 where it is unknown.
    pub(super) line: u32,
    pub(super) column: Option<u32>,
    /// It is the C library's or the loader's.
    pub(super) is_system: bool,
    /// The library that it is in, where that is known and it is not the program or a [system's](Self::is_system).
    pub(super) library: Option<String>,
}
