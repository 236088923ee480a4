//! The library by which C's allocation functions tell the guard of a program that does not define them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The library's file.
const NAME: &str = "libqadapt_preload.so";

/// Names the file where it lies elsewhere.
const PLACE: &str = "QADAPT_PRELOAD";

/// The variable by which the loader is told of it.
pub(super) const VARIABLE: &str = "LD_PRELOAD";

/// What the variable says to a program: the library, before those that are there already.
///
/// # Errors
/// If the library is not there.
pub(super) fn value() -> Result<OsString> {
    let mut value = library()?.into_os_string();
    if let Some(others) = env::var_os(VARIABLE).filter(|others| !others.is_empty()) {
        value.push(":");
        value.push(others);
    }
    Ok(value)
}

/// The library: where the variable says, or beside this program.
fn library() -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return Err(Error::Usage("--c works on Linux with glibc only".into()));
    }
    if let Some(place) = env::var_os(PLACE) {
        let place = PathBuf::from(place);
        let problem = || Error::Usage(format!("{PLACE} names `{}`, which is no file", place.display()));
        return if place.is_file() { Ok(place) } else { Err(problem()) };
    }
    let own = env::current_exe().ok();
    let folder = own.as_deref().and_then(Path::parent);
    let places = folder.into_iter().flat_map(|folder| [folder.join(NAME), folder.join("deps").join(NAME)]);
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        Error::Usage(format!(
            "--c needs {NAME}, which is not beside this program: build it in QADAPT's sources with `cargo build --release \
             -p qadapt-malloc-preload`, and put it there, or its path into {PLACE}"
        ))
    })
}
