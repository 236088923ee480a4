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
        build_kept(&target, profile, Program::Guard.binary(), "profile", "enforce,profile")?;
        build_with(&target, profile)?;
    }
    let small = |feature| build_kept(&target, Profile::Plain, "twins", feature, feature);
    let small = [small("bare")?, small("enforce")?];
    Ok(Programs { target, small, compiler: compiler()? })
}

/// Builds a program with these features, and keeps it where no other build of it goes: under its name and `kind`.
fn build_kept(
    target: &Path,
    profile: Profile,
    program: &str,
    kind: &str,
    features: &str,
) -> Result<PathBuf, String> {
    run(nested::cargo("build", target, profile).args(["--bin", program, "--features", features]))?;
    let folder = target.join(profile.name());
    let kept = folder.join(format!("{program}_{kind}"));
    let copied = fs::copy(folder.join(program), &kept);
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
