//! Building the counted programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_bench::nested::{self, Profile};
use qadapt_bench::plan::{Place, Program};

/// The counted programs, built, and what built them.
#[derive(Debug)]
pub(crate) struct Programs {
    target: PathBuf,
    /// A program that does next to nothing, without the guard and under it.
    pub(crate) small: [PathBuf; 2],
    /// What `rustc --version` says.
    pub(crate) compiler: String,
}

impl Programs {
    /// The program for a place.
    pub(crate) fn path(&self, place: Place, program: Program) -> PathBuf {
        let profile = match place {
            Place::Binary | Place::Library => Profile::Plain,
            Place::FatLto => Profile::FatLto,
        };
        self.target.join(profile.name()).join(program.binary())
    }
}

/// Builds them in release with the checks on, plainly and with fat LTO.
pub(crate) fn build() -> Result<Programs, String> {
    let target = target_folder()?;
    for profile in [Profile::Plain, Profile::FatLto] {
        build_with(&target, profile)?;
    }
    let small = [build_small(&target, "bare")?, build_small(&target, "enforce")?];
    Ok(Programs { target, small, compiler: compiler()? })
}

/// Builds the program of the machine-code tests with a feature, and keeps it under that name.
fn build_small(target: &Path, feature: &str) -> Result<PathBuf, String> {
    run(nested::cargo("build", target, Profile::Plain).args(["--bin", "twins", "--features", feature]))?;
    let folder = target.join(Profile::Plain.name());
    let kept = folder.join(format!("twins-{feature}"));
    let copied = fs::copy(folder.join("twins"), &kept);
    copied.map_err(|error| format!("cannot write {}: {error}", kept.display()))?;
    Ok(kept)
}

/// The folder that cargo builds in: two levels above this program.
fn target_folder() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find this program's own path: {error}"))?;
    let folder = own.ancestors().nth(2).map(PathBuf::from);
    folder.ok_or_else(|| format!("{} is not in a folder that cargo builds in", own.display()))
}

fn build_with(target: &Path, profile: Profile) -> Result<(), String> {
    run(nested::cargo("build", target, profile)
        .args(Program::ALL.iter().flat_map(|program| ["--bin", program.binary()]))
        .args(["--features", "enforce"]))
}

fn run(cargo: &mut Command) -> Result<(), String> {
    let status = cargo.status().map_err(|error| format!("cannot start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the counted programs do not build ({status})")) }
}

fn compiler() -> Result<String, String> {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot start rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
