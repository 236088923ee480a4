//! Why there is no proof.

use std::fmt;
use std::path::{Path, PathBuf};

use super::problem::Problem;

/// Why a file could not be analysed. What lies behind it is in [`source`](std::error::Error::source) alone, not in the text.
///
/// # Examples
/// ```
/// use std::error::Error as _;
/// use std::path::Path;
/// use qadapt_prove::compare_files;
/// let nowhere = Path::new("/nowhere");
/// let error = compare_files(nowhere, nowhere).expect_err("there is no such file");
/// assert_eq!(error.to_string(), "could not open the binary `/nowhere`");
/// assert!(error.source().is_some_and(|source| source.is::<std::io::Error>()));
/// ```
#[derive(Debug)]
#[non_exhaustive]
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
        /// What is wrong with it.
        problem: Problem,
    },
    /// It has nothing to prove.
    NoRegions {
        /// Which file.
        path: PathBuf,
        /// What no function matches; none where regions of the guard were looked for.
        pattern: Option<String>,
    },
}

/// Short for a result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn binary(path: &Path, problem: Problem) -> Self {
        Self::Binary { path: path.to_owned(), problem }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, .. } => write!(f, "could not {doing} `{}`", path.display()),
            Self::Binary { path, problem } => write!(f, "cannot analyse `{}`: {problem}", path.display()),
            Self::NoRegions { path, pattern: Some(pattern) } => write!(
                f,
                "cannot analyse `{}`: no function matches `{pattern}`; it may have been inlined or removed as unused",
                path.display()
            ),
            Self::NoRegions { path, pattern: None } => write!(
                f,
                "cannot analyse `{}`: it has no protected regions; is the guard used, and by code that this program runs? \
                 (--function REGEX takes functions as regions)",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Binary { problem, .. } => problem.source(),
            Self::NoRegions { .. } => None,
        }
    }
}
