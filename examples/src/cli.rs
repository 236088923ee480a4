//! What the programs share at their edge: where the data lies, and what to say of a build without checks.

use std::path::PathBuf;

/// How to have a release build measure; printed wherever a figure is missing.
pub const HOW_TO_MEASURE: &str = "unmeasured: this build has no checks; build it with QADAPT_ENFORCE=1";

/// The path of a file in the package's `data` folder, relative to the working directory where it lies below it.
#[must_use]
pub fn data_file(name: &str) -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data")).join(name);
    let below = std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(PathBuf::from));
    below.unwrap_or(path)
}
