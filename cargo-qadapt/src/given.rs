//! Files that a command is given to read: which can be, and which of those to add up count once, however often and whichever way they
//! are spelled.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::progress::line;
use crate::system::is_same;

/// Fails for what is neither a file nor a folder, as a pipe: inputs are read at any place, and some twice.
///
/// # Errors
/// If it is such a thing. What is not there is said where it is read.
pub fn readable(path: &Path) -> Result<()> {
    match path.metadata() {
        Ok(there) if !there.is_file() && !there.is_dir() => Err(Error::Usage(format!(
            "`{}` is neither a file nor a folder: write what comes from it to a file, and give that",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Fails if a report would take the place of what it is made from.
///
/// # Errors
/// If the output is that file, whichever way it is spelled.
pub fn spared(input: &Path, output: Option<&Path>) -> Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).ok();
    match output.filter(|output| absolute(output) == absolute(input) || is_same(output, input)) {
        Some(output) => Err(Error::Usage(format!(
            "`--output {}` would overwrite `{}`, which is read: name another file",
            output.display(),
            input.display()
        ))),
        None => Ok(()),
    }
}

/// The files that were given so far.
#[derive(Debug, Default)]
pub struct Given {
    files: HashSet<PathBuf>,
}

impl Given {
    /// The files of an input that were not given before; says so of the others.
    pub fn once(&mut self, input: &str, mut files: Vec<PathBuf>) -> Vec<PathBuf> {
        let all = files.len();
        // What cannot be found is said where it is read.
        files.retain(|file| self.files.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
        let again = all - files.len();
        if again > 0 {
            let what = match all {
                1 => format!("`{input}` was given"),
                _ => format!("{again} of {all} files in `{input}` were given"),
            };
            line(&format!("warning: {what} before: a file is counted once"));
        }
        files
    }
}
