//! A user's crate: one of the sources in `ui/crates`, built as a package of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package that depends on the guard and on nothing else.
#[derive(Debug)]
pub(crate) struct UserCrate {
    folder: PathBuf,
}

impl UserCrate {
    /// The source `ui/crates/<source>.rs` in an edition, with the guard under a name.
    pub(crate) fn new(source: &str, edition: u32, guard: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = packages().join(format!("{source}_{edition}"));
        let manifest = format!(
            "[package]\nname = \"user_crate\"\nedition = \"{edition}\"\n\n[workspace]\n\n[dependencies]\n\
             {guard} = {{ package = \"qadapt\", path = '{}' }}\n",
            here.join("../qadapt").display(),
        );
        fs::create_dir_all(folder.join("src")).expect("a folder for the package");
        fs::write(folder.join("Cargo.toml"), manifest).expect("its manifest");
        fs::copy(here.join(format!("ui/crates/{source}.rs")), folder.join("src/lib.rs")).expect("its source");
        // The versions of this workspace: they are there without a network.
        fs::copy(here.join("../Cargo.lock"), folder.join("Cargo.lock")).expect("its lock file");
        Self { folder }
    }

    /// The package compiles without a warning.
    pub(crate) fn check(&self) {
        self.checked().unwrap_or_else(|output| panic!("{output}"));
    }

    /// Nor does clippy warn, where it is installed.
    pub(crate) fn clippy(&self) {
        if let Some(outcome) = self.clippied() {
            outcome.unwrap_or_else(|output| panic!("{output}"));
        }
    }

    /// Nothing, or what the compiler found.
    pub(crate) fn checked(&self) -> Result<(), String> {
        self.cargo(&["rustc", "--profile", "check", "--lib"], &["--deny", "warnings"])
    }

    /// Nothing, or what the compiler found in a test build.
    pub(crate) fn tested(&self) -> Result<(), String> {
        self.cargo(&["rustc", "--profile", "test", "--lib"], &[])
    }

    /// Nothing, or what clippy found; `None` where it is not installed.
    pub(crate) fn clippied(&self) -> Option<Result<(), String>> {
        let installed = Command::new(env!("CARGO")).args(["clippy", "--version"]).output();
        if !installed.is_ok_and(|output| output.status.success()) {
            eprintln!("clippy is passed over: it is not installed (`rustup component add clippy`)");
            return None;
        }
        Some(self.cargo(&["clippy"], &["--deny", "warnings", "--warn", "clippy::pedantic"]))
    }

    /// Nothing, or what the nightly compiler found; `None` where there is none.
    pub(crate) fn checked_by_nightly(&self) -> Option<Result<(), String>> {
        let nightly = || {
            let mut nightly = Command::new("rustup");
            // What cargo tells its children of its own toolchain would stand in the way.
            for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
                nightly.env_remove(name);
            }
            nightly.args(["run", "nightly", "cargo"]);
            nightly
        };
        if !nightly().arg("--version").output().is_ok_and(|output| output.status.success()) {
            eprintln!(
                "a nightly compiler is passed over: none is installed (`rustup toolchain install nightly`)"
            );
            return None;
        }
        Some(self.run(nightly(), &["rustc", "--profile", "check", "--lib"], &[]))
    }

    fn cargo(&self, command: &[&str], flags: &[&str]) -> Result<(), String> {
        self.run(Command::new(env!("CARGO")), command, flags)
    }

    fn run(&self, mut cargo: Command, command: &[&str], flags: &[&str]) -> Result<(), String> {
        let output = cargo
            .current_dir(&self.folder)
            .args(command)
            .args(["--offline", "--quiet", "--target-dir"])
            .arg(packages().join("target"))
            .arg("--")
            .args(flags)
            .output()
            .expect("cargo runs");
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// Where the packages and what is built of them lie.
fn packages() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("user_crates")
}
