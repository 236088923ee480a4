//! What tests build for release: programs, in one target folder, so that what they depend on is built once, and witnesses.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What the guard's reports are made with. Where checks are off no program has its code, and one level does for all.
const OUTSIDE: [&str; 7] =
    ["addr2line", "gimli", "memchr", "miniz_oxide", "object", "qadapt-symbols", "rustc-demangle"];

/// Where the tool builds what tests prove, which is where the tests of audits let it build.
pub(crate) fn of_the_tool() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested")
}

/// One of the packages beside these tests.
pub(crate) fn package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages").join(name)
}

/// Builds a program of a package by cargo alone, and keeps it as `name`, with what lies beside it: another build of the same program
/// goes where this one was.
pub(crate) fn release(package: &Path, bin: &str, name: &str, ask: impl FnOnce(&mut Command)) -> PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proven");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--bin", bin, "--target-dir"]).arg(&target);
    for outside in OUTSIDE {
        for setting in ["opt-level=0", "debug=false"] {
            cargo.args(["--config", &format!("profile.release.package.{outside}.{setting}")]);
        }
    }
    // What a build asks for is asked for the program: macros and build scripts are the same in all.
    for setting in ["codegen-units=16", "debug=false", "strip=\"none\""] {
        cargo.args(["--config", &format!("profile.release.build-override.{setting}")]);
    }
    cargo.current_dir(package).env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    ask(&mut cargo);
    assert!(cargo.status().expect("cargo starts").success(), "{bin} builds");
    let folder = target.join("release");
    for extension in ["", "d", "dwp"] {
        let [built, kept] = [bin, name].map(|name| folder.join(name).with_extension(extension));
        // A build without one leaves that of the build before.
        if built != kept && built.exists() {
            std::fs::copy(&built, &kept).expect("it can be copied");
        }
        if extension == "dwp" {
            let _ = std::fs::remove_file(&built);
        }
    }
    folder.join(name)
}

/// Builds the library of a package for `LD_PRELOAD`.
pub(crate) fn preloaded(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--target-dir"]).arg(&target).current_dir(package(name));
    assert!(cargo.status().expect("cargo starts").success(), "{name} builds");
    target.join(format!("release/lib{name}.so"))
}
