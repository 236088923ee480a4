//! Building the programs.

use std::env;
use std::error::Error;
use std::fs;
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
    /// The same with frame pointers, by which stacks are walked.
    CheckedFramePointers,
    /// The package `nightly`, for a compiler newer than 1.95, with frame pointers.
    FramePointers,
    /// The package `nightly`, with the sanitizer.
    Sanitized,
}

const PROGRAMS: [(&str, &str, Build); 15] = [
    ("System", "system", Build::Plain),
    ("QADAPT, checks on", "qadapt", Build::Checked),
    ("QADAPT, checks on, frame pointers", "qadapt", Build::CheckedFramePointers),
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

/// Of programs that are built with flags.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds all of them, in release. Where there is no nightly compiler for this machine, those that need it are left out.
pub(crate) fn build() -> Result<Vec<Program>, Box<dyn Error>> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program is not in a folder that cargo builds in")?;
    let is_target = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
    let has_nightly = is_target
        && Command::new("cargo")
            .args(["+nightly", "--version"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !has_nightly {
        eprintln!("note: no nightly compiler, so heapscope and RealtimeSanitizer are left out");
    }
    let mut folders = Vec::new();
    for build in
        [Build::Plain, Build::Checked, Build::CheckedFramePointers, Build::FramePointers, Build::Sanitized]
    {
        let is_possible = if build.is_nightly() { has_nightly } else { is_target || build.flags().is_none() };
        if is_possible {
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
    fn is_nightly(self) -> bool {
        matches!(self, Self::FramePointers | Self::Sanitized)
    }

    fn flags(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Checked => None,
            Self::CheckedFramePointers | Self::FramePointers => Some("-Cforce-frame-pointers=yes"),
            Self::Sanitized => Some("-Zsanitizer=realtime"),
        }
    }

    /// Builds its programs, with what this program was built of where that is the same; gives the folder that they are in.
    fn run(self, target: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let (name, features) = match self {
            Self::Plain => ("off", None),
            Self::Checked => ("on", Some("enforce")),
            Self::CheckedFramePointers => ("on-frame-pointers", Some("enforce")),
            Self::FramePointers => ("heapscope", Some("heapscope")),
            Self::Sanitized => ("rtsan", None),
        };
        let flags = self.flags();
        let mut package = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
        let mut cargo = Command::new("cargo");
        if self.is_nightly() {
            cargo.arg("+nightly");
            package.push("nightly");
        } else if let Some(same) = env::var_os("CARGO") {
            cargo = Command::new(same);
        }
        cargo.arg("build");
        if let Some(flags) = flags {
            // The target is named, so that the flags are for its programs alone.
            cargo.args(["--target", TARGET]).env("RUSTFLAGS", flags);
        }
        if let Some(features) = features {
            cargo.args(["--features", features]);
        }
        cargo
            .args(["--quiet", "--release", "--no-default-features", "--manifest-path"])
            .arg(package.join("Cargo.toml"));
        cargo.arg("--target-dir").arg(target).env_remove("QADAPT_ENFORCE");
        let own = || PROGRAMS.iter().filter(|program| program.2 == self).map(|(_, file, _)| file);
        let status = cargo.args(own().flat_map(|file| ["--bin", file])).status()?;
        if !status.success() {
            return Err(format!("the programs of {name} do not build ({status})").into());
        }
        // The next build writes to the same places.
        let built = if flags.is_some() { target.join(TARGET) } else { target.to_owned() }.join("release");
        let folder = target.join(name);
        fs::create_dir_all(&folder)?;
        for file in own() {
            fs::copy(built.join(file), folder.join(file))?;
        }
        Ok(folder)
    }
}
