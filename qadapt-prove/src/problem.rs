//! What is wrong with a file, whichever file it is.

use std::error::Error;
use std::fmt;

/// Why the bytes of a file could not be analysed.
///
/// # Examples
/// ```
/// use qadapt_prove::{Problem, Rules, Settings, Which, prove};
/// let rules = Rules { allow_frees: false, gaps: 3 };
/// let problem = prove(b"#!/bin/sh", Which::Marked, rules, &Settings::default()).expect_err("no program");
/// assert!(matches!(problem, Problem::NoElf));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// It is of a format, or for a processor, that is not read: which, and what to give instead.
    Other(String),
    /// It is of no format that is known.
    NoElf,
    /// Its headers cannot be read.
    Headers(Box<dyn Error + Send + Sync>),
    /// It is an object file.
    NotLinked,
    /// It is debug information that was taken from a program.
    OnlyDebugInformation,
    /// No part of it is code.
    NoCode,
    /// Neither it nor a file beside it has symbols.
    NoSymbols,
    /// This section, in which the guard's build left something for the prover, is damaged.
    Section(&'static str),
    /// In this section a label is of a kind that this version does not know.
    Label(&'static str, u64),
    /// It lists regions, and this section is missing, which says where they are.
    NoLabels(&'static str),
    /// Files for this processor are not compared.
    NotCompared,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(other) => f.write_str(other),
            Self::NoElf => f.write_str("it is not an ELF file; give the linked executable or shared library"),
            Self::Headers(_) => f.write_str("build it again: its ELF headers are damaged or of another kind"),
            Self::NotLinked => {
                f.write_str("it is not linked; give the executable or shared library, not an object file")
            }
            Self::OnlyDebugInformation => f.write_str(
                "it is debug information that was taken from a program, without the program's code; \
                 give the program, beside which this is found as `FILE.debug`",
            ),
            Self::NoCode => f.write_str("it has no executable segment"),
            Self::NoSymbols => f.write_str(
                "it has no symbol table, so functions and allocator entries cannot be told; \
                 put the debug information that was taken from it beside it (`FILE.debug`), or link it without `strip`",
            ),
            Self::Section(name) => write!(f, "its section `{name}` is damaged; build the file again"),
            Self::Label(name, kind) => write!(
                f,
                "its section `{name}` has a label of kind {kind}, which this version does not know; update cargo-qadapt",
            ),
            Self::NoLabels(name) => write!(
                f,
                "it has a list of regions, but no section `{name}` that says where they are: it was taken away, or GNU ld leaves \
                 that out with what it finds to be unused. Link it with LLD (RUSTFLAGS=-Clink-arg=-fuse-ld=lld), or all of it \
                 (RUSTFLAGS=-Clink-arg=-Wl,--no-gc-sections)",
            ),
            Self::NotCompared => f.write_str("functions are compared in files for x86-64 alone"),
        }
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Headers(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}
