//! The traces of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::fold::Fold;
use super::read::Trace;
use crate::error::{Error, Result};

/// Takes every trace of a directory in, one after another. Returns how many there were, and what is wrong with those
/// that could not be read or not whole.
///
/// # Errors
/// If the directory cannot be read.
pub fn collect(fold: &mut Fold, profile: &str, directory: &Path, root: &Path) -> Result<(u64, Vec<String>)> {
    let mut problems = Vec::new();
    let mut read = 0;
    for path in files(directory)? {
        match Trace::read(&path) {
            Ok(trace) => {
                problems.extend(incomplete(&path, &trace));
                fold.add(profile, &trace, root);
                read += 1;
            }
            Err(e) => problems.push(e.to_string()),
        }
    }
    Ok((read, problems))
}

/// What is missing of a trace, in words.
#[must_use]
pub fn incomplete(path: &Path, trace: &Trace) -> Option<String> {
    (trace.unreadable > 0).then(|| {
        format!(
            "the trace `{}` is cut off: {} missing; the rest is in the report",
            path.display(),
            if trace.unreadable == 1 {
                "1 entry is".to_owned()
            } else {
                format!("{} entries are", trace.unreadable)
            }
        )
    })
}

/// The traces of a directory by name, and of those inside it.
///
/// # Errors
/// If the directory cannot be read.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io("read the folder", directory, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "qtrace") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
