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
    /// False where callgrind cannot run it.
    pub(crate) is_counted: bool,
}

/// What builds a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Build {
    /// This package.
    Plain,
    /// This package, with QADAPT's checks on.
    Checked,
    /// The package `nightly`, for a compiler newer than 1.95, with frame pointers.
    FramePointers,
    /// The package `nightly`, with the sanitizer.
    Sanitized,
}

const PROGRAMS: [(&str, &str, Build); 14] = [
    ("System", "system", Build::Plain),
    ("QADAPT, checks on", "qadapt", Build::Checked),
    ("QADAPT, checks off", "qadapt", Build::Plain),
    ("QADAPT, deferring, checks on", "qadapt_deferring", Build::Checked),
    ("assert_no_alloc 1.1", "assert_no_alloc", Build::Plain),
    ("nice-assert-no-alloc 1.0", "nice_assert_no_alloc", Build::Plain),
    ("alloc_counter 0.0.4", "alloc_counter", Build::Plain),
    ("allocation-counter 0.8", "allocation_counter", Build::Plain),
    ("stats_alloc 0.1", "stats_alloc", Build::Plain),
    ("tracking-allocator 0.4", "tracking_allocator", Build::Plain),
    ("dhat 0.3", "dhat", Build::Plain),
    ("divan's profiler 0.1", "divan", Build::Plain),
    ("heapscope 0.3", "heapscope", Build::FramePointers),
    ("RealtimeSanitizer", "rtsan", Build::Sanitized),
];

const NIGHTLY_TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds all of them, in release. Where there is no nightly compiler for this machine, those that need it are left out.
pub(crate) fn build() -> Result<Vec<Program>, Box<dyn Error>> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program is not in a folder that cargo builds in")?;
    let has_nightly = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))
        && Command::new("cargo")
            .args(["+nightly", "--version"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !has_nightly {
        eprintln!("note: no nightly compiler, so heapscope and RealtimeSanitizer are left out");
    }
    let mut folders = Vec::new();
    for build in [Build::Plain, Build::Checked, Build::FramePointers, Build::Sanitized] {
        if has_nightly || matches!(build, Build::Plain | Build::Checked) {
            folders.push((build, build.run(target)?));
        }
    }
    let mut programs = Vec::new();
    for (label, file, build) in PROGRAMS {
        let Some((_, folder)) = folders.iter().find(|(known, _)| *known == build) else { continue };
        let path = folder.join(file);
        let listed = Command::new(&path).output()?;
        let can = String::from_utf8(listed.stdout)?.lines().map(str::to_owned).collect();
        programs.push(Program { label, path, can, is_counted: build != Build::Sanitized });
    }
    Ok(programs)
}

impl Build {
    /// Builds its programs; gives the folder that they are in.
    fn run(self, target: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (name, package, flags, more): (_, _, _, &[&str]) = match self {
            Self::Plain => ("off", root.to_owned(), None, &[]),
            Self::Checked => ("on", root.to_owned(), None, &["--features", "enforce"]),
            Self::FramePointers => (
                "heapscope",
                root.join("nightly"),
                Some("-Cforce-frame-pointers=yes"),
                &["--features", "heapscope"],
            ),
            Self::Sanitized => ("rtsan", root.join("nightly"), Some("-Zsanitizer=realtime"), &[]),
        };
        let folder = target.join(name);
        let mut cargo;
        if let Some(flags) = flags {
            cargo = Command::new("cargo");
            // The target is named, so that the flags are for its programs alone.
            cargo.args(["+nightly", "build", "--target", NIGHTLY_TARGET]).env("RUSTFLAGS", flags);
        } else {
            cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.arg("build");
        }
        cargo.args(["--quiet", "--release", "--manifest-path"]).arg(package.join("Cargo.toml"));
        cargo.arg("--target-dir").arg(&folder).args(more).env_remove("QADAPT_ENFORCE");
        let own = PROGRAMS.iter().filter(|program| program.2 == self);
        let status = cargo.args(own.flat_map(|(_, file, _)| ["--bin", file])).status()?;
        if !status.success() {
            return Err(format!("the programs of {name} do not build ({status})").into());
        }
        Ok(if flags.is_some() { folder.join(NIGHTLY_TARGET) } else { folder }.join("release"))
    }
}
