//! Why a file cannot be read as a trace.

use core::fmt;

use crate::format::{VERSION, Version};
use crate::layout::HEADER_SIZE;

/// Why a file cannot be read as a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It ends before the header does.
    Short {
        /// How many bytes there are.
        length: usize,
    },
    /// It is something else.
    Foreign,
    /// The process that made it ended before it had written the header.
    Unfinished,
    /// It was written on a machine with the other byte order.
    ByteOrder,
    /// It has another major version.
    Version {
        /// The file's version.
        found: Version,
    },
    /// The header contradicts itself.
    Corrupt {
        /// Which part, in words.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { length: 0 } => f.write_str(
                "it is empty: there was no room for what this process did, on the disk or within the limit on the size of \
                 files (ulimit -f)",
            ),
            Self::Short { length } => {
                write!(f, "it is cut off: {length} bytes, where the header alone has {HEADER_SIZE}")
            }
            Self::Foreign => f.write_str("it is no trace of qadapt's"),
            Self::Unfinished => f.write_str("it is empty: the process ended before it began to trace"),
            Self::ByteOrder => f.write_str("it was written on a machine with the other byte order"),
            Self::Version { found } if found.major > VERSION.major => write!(
                f,
                "its version {found} is newer than {VERSION}, which this command reads: update cargo-qadapt to the \
                 version of the qadapt crate in the program"
            ),
            Self::Version { found } => write!(
                f,
                "its version {found} is older than {VERSION}, which this command reads: update the qadapt crate in \
                 the program, or use the cargo-qadapt of its version"
            ),
            Self::Corrupt { what } => write!(f, "its header is damaged: {what}"),
        }
    }
}

impl core::error::Error for Error {}
