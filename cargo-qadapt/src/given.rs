//! Files that a command is given to add up: each counts once, however often and whichever way it is spelled.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::progress::line;

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
