//! Why there is no proof.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file could not be analysed.
///
/// # Examples
/// ```
/// use std::path::Path;
/// use qadapt_prove::compare_files;
/// let nowhere = Path::new("/nowhere");
/// let error = compare_files(nowhere, nowhere).expect_err("there is no such file");
/// assert!(error.to_string().starts_with("could not open the binary `/nowhere`: "));
/// ```
#[derive(Debug)]
pub enum Error {
    /// It could not be read.
    Io {
        /// What was tried, as a verb phrase: "open the binary".
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not what it should be.
    Binary {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// It has nothing to prove.
    NoRegions {
        /// Which file.
        path: PathBuf,
        /// What was looked for, and what to do.
        problem: String,
    },
}

/// Short for a result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn binary(path: &Path, problem: impl Into<String>) -> Self {
        Self::Binary { path: path.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, source } => write!(f, "could not {doing} `{}`: {source}", path.display()),
            Self::Binary { path, problem } | Self::NoRegions { path, problem } => {
                write!(f, "cannot analyse `{}`: {problem}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
