//! Building the program `twins`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use qadapt_bench::nested::{self, Profile};

use super::code::Code;

/// Whether the guard's checks are compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checks {
    Off,
    On,
}

/// One build of the twins.
pub(crate) struct Twins {
    /// The program's own crate before it is linked; with link-time optimisation, all crates.
    pub(crate) code: Code,
    /// The program.
    pub(crate) linked: Code,
}

/// The twins without the guard.
pub(crate) fn bare(profile: Profile) -> Twins {
    build("bare", profile, &["bare"])
}

/// The twins under the guard.
pub(crate) fn guarded(profile: Profile, checks: Checks) -> Twins {
    match checks {
        Checks::Off => build("off", profile, &[]),
        Checks::On => build("on", profile, &["enforce"]),
    }
}

/// The builds share a folder, and each leaves its program in the same place.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn build(name: &str, profile: Profile, features: &[&str]) -> Twins {
    let _turn = ONE_AT_A_TIME.lock();
    let folder = target().join("twins").join(profile.name());
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let object = folder.join(format!("{name}.o"));
    // Where cargo has nothing to do it would not write the file again.
    let _ = fs::remove_file(&object);
    let stamp = format!("qadapt_twins_{}", std::process::id());

    let output = nested::cargo("rustc", &target(), profile)
        .args(["--bin", "twins", "--features", &features.join(","), "--"])
        // One object for the whole crate, with the relocations that linking would resolve.
        .args(["-C", "codegen-units=1", &format!("--emit=obj={}", object.display())])
        // Another name each time, so that the crate is compiled each time.
        .args(["--cfg", &stamp, "--check-cfg", &format!("cfg({stamp})")])
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "twins, {name}: {}", String::from_utf8_lossy(&output.stderr));
    Twins { code: Code::read(&object), linked: Code::read(&program(profile)) }
}

/// Builds the twins without optimisation after `change` to the command, and runs them. Returns what they print, or the
/// compiler's errors.
pub(crate) fn run(change: impl FnOnce(&mut Command)) -> Result<String, String> {
    let _turn = ONE_AT_A_TIME.lock();
    let mut cargo = nested::cargo("build", &target(), Profile::Unoptimised);
    cargo.args(["--bin", "twins"]);
    change(&mut cargo);
    let built = cargo.output().expect("cargo starts");
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    let output = Command::new(program(Profile::Unoptimised)).output().expect("the twins start");
    assert!(output.status.success(), "the twins failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn program(profile: Profile) -> PathBuf {
    target().join(profile.name()).join("twins")
}

/// The folder that cargo builds in: beside that for the temporary files of tests.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder above the temporary one").to_owned()
}
