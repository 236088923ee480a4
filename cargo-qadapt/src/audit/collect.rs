//! The traces of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use qadapt_trace::flags;

use super::fold::Fold;
use super::read::Trace;
use crate::error::{Error, Result};
use crate::system::is_writing;

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

/// Says which traces of a directory are still being written, by processes that could be neither waited for nor ended.
///
/// # Errors
/// If the directory cannot be read.
pub fn unfinished(directory: &Path) -> Result<Vec<String>> {
    let mut found = files(directory)?;
    found.retain(|path| writer(path).is_some_and(|process| is_writing(process, path)));
    // A forked child without events may be another program by now, and has nothing to say then.
    found.retain(|path| {
        Trace::read(path).map_or(true, |Trace { header, .. }| {
            !header.has(flags::EXITED) && (header.parent == 0 || header.events > 0)
        })
    });
    let say = |path: &PathBuf| {
        format!(
            "the trace `{}` is still being written: the program has left a process behind, which runs on. End it, and \
             join the traces of the folder with `cargo qadapt merge`",
            path.display()
        )
    };
    Ok(found.iter().map(say).collect())
}

/// The process in a trace's name, `PROGRAM-PROCESS-NUMBER`.
fn writer(path: &Path) -> Option<u32> {
    path.file_stem()?.to_str()?.rsplit('-').nth(1)?.parse().ok()
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
