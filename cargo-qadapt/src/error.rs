//! The one error type of the command.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a library or the system says of a failure.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why the command could not do its work; always exit code 2.
///
/// Its text does not hold what its source says: [`whole`](Self::whole) has both.
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
    /// A program could not be started.
    Start {
        /// Its command line, or as much of it as says which it is.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A result could not be put into the form that it is to have.
    Write {
        /// What was tried, as a verb phrase: "write JSON".
        doing: &'static str,
        /// What the library said that does it.
        source: Cause,
    },
    /// Something else failed.
    Failed {
        /// What, as a sentence.
        what: String,
        /// What a library or the system said.
        source: Cause,
    },
    /// There is no proof.
    Proof(qadapt_prove::Error),
    /// A file that was given to be read is not what it should be.
    Input {
        /// What it should be: "trace", "report", "profile".
        kind: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        source: Cause,
    },
    /// A configuration file is wrong.
    Config {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to write instead.
        source: Cause,
    },
    /// The command line asks for something that cannot be done.
    Usage(String),
    /// Something is missing in what was printed, which is true but for that.
    Gap(String),
    /// `cargo` failed; it has said why itself.
    Cargo(String),
    /// Several things, each for itself.
    Several(Vec<Error>),
}

/// Short for a result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A file-system error with the path it happened on.
    #[must_use]
    pub fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// What a file is not, or what is wrong with it.
    #[must_use]
    pub fn input(kind: &'static str, path: &Path, source: impl Into<Cause>) -> Self {
        Self::Input { kind, path: path.to_owned(), source: source.into() }
    }

    /// What is wrong with a configuration file.
    #[must_use]
    pub fn config(path: &Path, source: impl Into<Cause>) -> Self {
        Self::Config { path: path.to_owned(), source: source.into() }
    }

    /// What could not be put into its form, for a `map_err`.
    pub fn write<E: Into<Cause>>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Write { doing, source: source.into() }
    }

    /// What failed, for a `map_err`.
    pub fn failed<E: Into<Cause>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::Failed { what, source: source.into() }
    }

    /// The errors to tell of: those of several, or this one.
    #[must_use]
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Several(errors) => errors,
            one => std::slice::from_ref(one),
        }
    }

    /// Its text and what its sources say, but for what the text before has said: libraries write the texts of their sources into
    /// their own, or do not.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut text = self.to_string();
        for source in std::iter::successors(self.source(), |&source| source.source()) {
            let said = source.to_string();
            if !text.contains(&said) {
                text = format!("{text}: {said}");
            }
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, .. } => write!(f, "could not {doing} `{}`", path.display()),
            Self::Start { program, .. } => write!(f, "could not start `{program}`"),
            Self::Write { doing, .. } => write!(f, "could not {doing}"),
            Self::Proof(error) => error.fmt(f),
            Self::Input { kind, path, .. } => write!(f, "cannot use the {kind} `{}`", path.display()),
            Self::Config { path, .. } => write!(f, "`{}`", path.display()),
            Self::Failed { what, .. } | Self::Usage(what) | Self::Gap(what) | Self::Cargo(what) => {
                f.write_str(what)
            }
            Self::Several(errors) => {
                let texts: Vec<String> = errors.iter().map(Self::whole).collect();
                f.write_str(&texts.join("\n"))
            }
        }
    }
}

impl From<qadapt_prove::Error> for Error {
    fn from(error: qadapt_prove::Error) -> Self {
        Self::Proof(error)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Start { source, .. } => Some(source),
            Self::Write { source, .. }
            | Self::Failed { source, .. }
            | Self::Input { source, .. }
            | Self::Config { source, .. } => Some(source.as_ref()),
            Self::Proof(error) => error.source(),
            Self::Usage(_) | Self::Gap(_) | Self::Cargo(_) | Self::Several(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};

    use super::*;

    /// What the source of an error is, if it is the system's.
    fn kind(error: &Error) -> Option<ErrorKind> {
        error.source()?.downcast_ref::<IoError>().map(IoError::kind)
    }

    #[test]
    fn a_source_keeps_its_kind_and_is_told_once() {
        let gone = || IoError::new(ErrorKind::NotFound, "it is gone");
        let start = |source| Error::Start { program: "cargo build".to_owned(), source };
        for (error, text) in [
            (Error::io("read the trace", Path::new("a"), gone()), "could not read the trace `a`"),
            (start(gone()), "could not start `cargo build`"),
            (Error::input("trace", Path::new("a"), gone()), "cannot use the trace `a`"),
            (Error::write("write JSON")(gone()), "could not write JSON"),
            (Error::failed("git does not answer")(gone()), "git does not answer"),
        ] {
            assert_eq!(kind(&error), Some(ErrorKind::NotFound), "{text}");
            assert_eq!(error.to_string(), text);
            assert_eq!(error.whole(), format!("{text}: it is gone"));
        }
        // Its text holds that of its source already.
        let (path, source) = (PathBuf::from("a"), gone());
        let proof = Error::from(qadapt_prove::Error::Io { doing: "open the binary", path, source });
        assert_eq!(kind(&proof), Some(ErrorKind::NotFound));
        assert_eq!(proof.whole(), "could not open the binary `a`: it is gone");
    }

    #[test]
    fn several_are_told_one_by_one() {
        let usage = |what: &str| Error::Usage(what.to_owned());
        let several = Error::Several(vec![usage("this"), usage("that")]);
        assert_eq!(several.each().iter().map(Error::whole).collect::<Vec<_>>(), ["this", "that"]);
        assert_eq!(usage("this").each().len(), 1);
    }
}
