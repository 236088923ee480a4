//! The one error type of the command.

use std::error::Error as _;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why the command could not do its work; always exit code 2.
#[derive(Debug)]
pub enum Error {
    /// A file could not be read or written.
    Io {
        /// What was tried, as a verb phrase: "read the binary".
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no proof.
    Proof(qadapt_prove::Error),
    /// A file is no trace that can be read.
    Trace {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A configuration file is wrong.
    Config {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to write instead.
        problem: String,
    },
    /// The command line asks for something that cannot be done.
    Usage(String),
    /// `cargo` failed; it has said why itself.
    Cargo(String),
}

/// Short for a result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A file-system error with the path it happened on.
    #[must_use]
    pub fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, source } => write!(f, "could not {doing} `{}`: {source}", path.display()),
            Self::Proof(error) => match error.source() {
                Some(source) => write!(f, "{error}: {source}"),
                None => error.fmt(f),
            },
            Self::Trace { path, problem } => {
                write!(f, "cannot use the trace `{}`: {problem}", path.display())
            }
            Self::Config { path, problem } => write!(f, "`{}`: {problem}", path.display()),
            Self::Usage(what) | Self::Cargo(what) => f.write_str(what),
        }
    }
}

impl From<qadapt_prove::Error> for Error {
    fn from(error: qadapt_prove::Error) -> Self {
        Self::Proof(error)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Proof(error) => error.source(),
            _ => None,
        }
    }
}
