//! Building the programs.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of one allocator.
#[derive(Debug)]
pub(crate) struct Program {
    /// How the table calls it.
    pub(crate) label: &'static str,
    pub(crate) path: PathBuf,
    /// What it can do.
    pub(crate) can: Vec<String>,
}

/// Label, file, and whether QADAPT's checks are on.
const PROGRAMS: [(&str, &str, bool); 12] = [
    ("System", "system", false),
    ("QADAPT, checks on", "qadapt", true),
    ("QADAPT, checks off", "qadapt", false),
    ("QADAPT, deferring, checks on", "qadapt_deferring", true),
    ("assert_no_alloc 1.1", "assert_no_alloc", false),
    ("nice-assert-no-alloc 1.0", "nice_assert_no_alloc", false),
    ("alloc_counter 0.0.4", "alloc_counter", false),
    ("allocation-counter 0.8", "allocation_counter", false),
    ("stats_alloc 0.1", "stats_alloc", false),
    ("tracking-allocator 0.4", "tracking_allocator", false),
    ("dhat 0.3", "dhat", false),
    ("divan's profiler 0.1", "divan", false),
];

/// Builds all of them, in release.
pub(crate) fn build() -> Result<Vec<Program>, Box<dyn Error>> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program is not in a folder that cargo builds in")?;
    for checks in [false, true] {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--release", "--manifest-path"]).arg(manifest());
        cargo.arg("--target-dir").arg(folder(target, checks));
        cargo.env_remove("QADAPT_ENFORCE");
        cargo.args(if checks { &["--features", "enforce"][..] } else { &[] });
        cargo.args(
            PROGRAMS.iter().filter(|program| program.2 == checks).flat_map(|(_, file, _)| ["--bin", file]),
        );
        let status = cargo.status()?;
        if !status.success() {
            return Err(format!("the programs do not build ({status})").into());
        }
    }
    PROGRAMS
        .iter()
        .map(|&(label, file, checks)| {
            let path = folder(target, checks).join("release").join(file);
            let listed = Command::new(&path).output()?;
            let can = String::from_utf8(listed.stdout)?.lines().map(str::to_owned).collect();
            Ok(Program { label, path, can })
        })
        .collect()
}

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")
}

fn folder(target: &Path, checks: bool) -> PathBuf {
    target.join(if checks { "on" } else { "off" })
}
