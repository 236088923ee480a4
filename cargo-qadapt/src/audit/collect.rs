//! The traces of a directory.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use qadapt_trace::{REGIONS, Table, flags};

use super::fold::Fold;
use super::launch::without_hash;
use super::read::{Trace, files};
use crate::error::Result;
use crate::system::is_writing;

/// Takes every trace of a directory in, one after another. Returns how many processes made one, and what is wrong with those
/// that could not be read or are not whole.
///
/// # Errors
/// If the directory cannot be read.
pub fn collect(
    fold: &mut Fold,
    profile: &str,
    directory: &Path,
    root: &Path,
) -> Result<(usize, Vec<String>)> {
    let mut problems = Vec::new();
    let files = files(directory)?;
    for path in &files {
        match Trace::read(path) {
            Ok(trace) => {
                problems.extend(incomplete(path, &trace));
                fold.add(profile, &trace, root);
            }
            Err(e) => problems.push(e.whole()),
        }
    }
    Ok((files.len(), problems))
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
pub fn incomplete(path: &Path, trace: &Trace) -> Vec<String> {
    let path = path.display();
    let mut missing = Vec::new();
    if trace.unreadable > 0 {
        let entries = match trace.unreadable {
            1 => "1 entry is".to_owned(),
            many => format!("{many} entries are"),
        };
        missing.push(format!("the trace `{path}` is cut off: {entries} missing; the rest is in the report"));
    }
    if trace.header.has(flags::NO_ROOM) {
        missing.push(format!(
            "the trace `{path}` got no more room, from a full disk or a program that gave up its rights: regions, stacks and \
             sites that were new then are missing. Mend that and run again"
        ));
    } else if trace.header.section(Table::Regions).lost > 0 {
        missing.push(format!(
            "the trace `{path}` has no room for more than {REGIONS} regions: what happened in others is missing"
        ));
    }
    if trace.is_entered() && trace.modules.iter().any(|module| is_dynamic_std(&trace.text(module.path))) {
        let program = trace.text(trace.header.program);
        missing.push(format!(
            "`{program}` has the standard library as a dynamic library, with an allocator of its own: what std and libraries \
             in Rust ask for does not come to qadapt, and is missing. Link it statically: without `-C prefer-dynamic`, and without \
             libraries of the type `dylib`"
        ));
    }
    missing
}

/// Whether a module is Rust's standard library, by its name with a hash: `libstd-0123456789abcdef.so`. Where one is loaded rustc makes
/// no entries of the allocator for a program, and takes those that lie there.
fn is_dynamic_std(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    without_hash(OsStr::new(stem)).is_some_and(|name| name == "libstd" || name == "std")
}

#[cfg(test)]
mod tests {
    use super::is_dynamic_std;

    #[test]
    fn the_standard_library_is_known_by_its_hash() {
        for path in [
            "/r/lib/libstd-0123456789abcdef.so",
            "C:\\r\\bin\\std-0123456789abcdef.dll",
            "libstd-0123456789abcdef.dylib",
        ] {
            assert!(is_dynamic_std(path), "{path}");
        }
        for path in ["/usr/lib/libstdc++.so.6", "/p/std-tests", "/p/libstd-0123456789abcdeg.so", "/p/std", ""]
        {
            assert!(!is_dynamic_std(path), "{path}");
        }
    }
}
