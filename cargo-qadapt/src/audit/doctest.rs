//! The programs of doctests, which rustdoc deletes as soon as they have run: a link or a copy of each is run instead, so that
//! its functions have names when the traces are read.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::bundle::{is_source, own_folder};
use super::read::{Trace, files};
use crate::cargo_config::{CargoConfig, RUSTDOC_FLAGS, platform_variable};

/// Names the folder where programs of doctests are kept, for what starts them.
pub const VARIABLE: &str = "QADAPT_LAUNCH_DOCTESTS";

/// The folder below that of the traces in which this run of the command keeps programs; those of other runs are of no use to it.
#[must_use]
pub fn folder(traces: &Path) -> PathBuf {
    traces.join(format!("doctests-{}", std::process::id()))
}

/// Links or copies the program of a doctest to a place where it stays.
///
/// # Errors
/// If there is no room for it, for instance.
pub fn keep(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let (Some(own), Some(name)) = (own_folder(program), program.file_name()) else {
        return Ok(program.to_owned());
    };
    let folder = folder.join(own);
    fs::create_dir_all(&folder)?;
    let kept = folder.join(name);
    // No link leads from one file system to another.
    if fs::hard_link(program, &kept).is_err() {
        fs::copy(program, &kept)?;
    }
    for file in program.parent().into_iter().flat_map(fs::read_dir).flatten().flatten() {
        if is_source(&file.path()) {
            fs::copy(file.path(), folder.join(file.file_name()))?;
        }
    }
    Ok(kept)
}

/// The variable that makes rustdoc compile doctests with names and lines, which cargo tells it of no profile; and its value, in
/// which what the user wants of rustdoc stays.
#[must_use]
pub fn for_lines(config: &CargoConfig) -> (String, OsString) {
    for_lines_beside(config.platform_with_flags_for_rustdoc().as_deref(), |name| env::var_os(name))
}

/// `platform` is the one for which rustdoc's flags are set, if there is one.
fn for_lines_beside(
    platform: Option<&str>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> (String, OsString) {
    // To cargo the first of them that is set is the only one. It adds the last one to what its files say, which is of no use to it
    // for all platforms where it is said for one.
    let last = match platform {
        Some(platform) => platform_variable(platform, RUSTDOC_FLAGS),
        None => "CARGO_BUILD_RUSTDOCFLAGS".to_owned(),
    };
    let known = [("CARGO_ENCODED_RUSTDOCFLAGS", "\x1f"), ("RUSTDOCFLAGS", " "), (&*last, " ")];
    let set = known.into_iter().find_map(|(name, separator)| Some((name, separator, variable(name)?)));
    let (name, separator, mut value) = set.unwrap_or((&last, " ", OsString::new()));
    if !value.is_empty() {
        value.push(separator);
    }
    value.push("-Cdebuginfo=limited");
    (name.to_owned(), value)
}

/// The programs that lie in a folder, by name: those of the runs before, whose traces are read already.
///
/// # Errors
/// If it cannot be read.
pub fn there(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
}

/// Deletes the programs of a run that no trace needs for names: each has a standard library in it, and there may be hundreds.
/// Those of the runs `before` stay, as names are looked up at the end of all.
///
/// # Errors
/// If a folder cannot be read, or a program not be deleted.
pub fn tidy(traces: &Path, folder: &Path, before: &BTreeSet<OsString>) -> io::Result<()> {
    let new: Vec<OsString> = there(folder)?.difference(before).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut needed = BTreeSet::new();
    for file in files(traces).unwrap_or_default() {
        let Ok(trace) = Trace::read(&file) else { continue };
        if !trace.sites.is_empty() {
            needed.extend(trace.modules.iter().map(|module| PathBuf::from(trace.text(module.path))));
        }
    }
    // Traces have paths as the system tells them, without links.
    let real = folder.canonicalize()?;
    for name in new {
        if !needed.iter().any(|program| program.starts_with(real.join(&name))) {
            fs::remove_dir_all(folder.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_wants_of_rustdoc_stays() {
        let on = |platform: Option<&str>, set: &[(&str, &str)]| {
            let (name, value) = for_lines_beside(platform, |name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            });
            format!("{name}={}", value.display())
        };
        let of = |set: &[(&str, &str)]| on(None, set);
        let build = ("CARGO_BUILD_RUSTDOCFLAGS", "-a");
        assert_eq!(of(&[]), "CARGO_BUILD_RUSTDOCFLAGS=-Cdebuginfo=limited");
        assert_eq!(of(&[build]), "CARGO_BUILD_RUSTDOCFLAGS=-a -Cdebuginfo=limited");
        assert_eq!(of(&[build, ("RUSTDOCFLAGS", "-b -c")]), "RUSTDOCFLAGS=-b -c -Cdebuginfo=limited");
        let encoded = ("CARGO_ENCODED_RUSTDOCFLAGS", "-b\u{1f}-c");
        let all = "CARGO_ENCODED_RUSTDOCFLAGS=-b\u{1f}-c\u{1f}-Cdebuginfo=limited";
        assert_eq!(of(&[encoded, build]), all);
        assert_eq!(on(Some("a-b"), &[encoded, build]), all);
        let platform = ("CARGO_TARGET_A_B_RUSTDOCFLAGS", "-d");
        assert_eq!(on(Some("a-b"), &[build]), "CARGO_TARGET_A_B_RUSTDOCFLAGS=-Cdebuginfo=limited");
        assert_eq!(
            on(Some("a-b"), &[build, platform]),
            "CARGO_TARGET_A_B_RUSTDOCFLAGS=-d -Cdebuginfo=limited"
        );
    }
}
