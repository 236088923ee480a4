//! A user's crate: one of the sources in `crates`, built as a package of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package that depends on the guard and on nothing else.
#[derive(Debug)]
pub(crate) struct UserCrate {
    folder: PathBuf,
}

impl UserCrate {
    /// The source `crates/<source>.rs` in an edition, with the guard under a name.
    pub(crate) fn new(source: &str, edition: u32, guard: &str) -> Self {
        Self::depending(source, edition, guard, "")
    }

    /// The same with a feature of the guard.
    pub(crate) fn with_feature(source: &str, feature: &str) -> Self {
        Self::depending(source, 2024, "qadapt", feature)
    }

    fn depending(source: &str, edition: u32, guard: &str, feature: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = packages().join(format!("{source}_{edition}"));
        // Where two packages that are built in one folder have one name, cargo takes one for the other, if its source is older.
        let manifest = format!(
            "[package]\nname = \"user_of_{source}_{edition}\"\nedition = \"{edition}\"\n\n[lib]\nname = \"user_crate\"\n\n\
             [workspace]\n\n[dependencies]\n\
             {guard} = {{ package = \"qadapt\", path = '{}', features = [{}] }}\n",
            here.join("../../qadapt").display(),
            if feature.is_empty() { String::new() } else { format!("'{feature}'") },
        );
        fs::create_dir_all(folder.join("src")).expect("a folder for the package");
        fs::write(folder.join("Cargo.toml"), manifest).expect("its manifest");
        fs::copy(here.join(format!("crates/{source}.rs")), folder.join("src/lib.rs")).expect("its source");
        // The versions of this workspace: they are there without a network.
        fs::copy(here.join("../../Cargo.lock"), folder.join("Cargo.lock")).expect("its lock file");
        Self { folder }
    }

    /// The same beside a package with an attribute that writes what it is given into a function's body.
    pub(crate) fn with_attribute(source: &str) -> Self {
        let user = Self::new(source, 2024, "qadapt");
        let other = user.folder.join("before");
        let manifest = "[package]\nname = \"before\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n";
        fs::create_dir_all(other.join("src")).expect("a folder for the attribute");
        fs::write(other.join("Cargo.toml"), manifest).expect("its manifest");
        fs::write(other.join("src/lib.rs"), include_str!("crates/before.rs")).expect("its source");
        let own = user.folder.join("Cargo.toml");
        let text = fs::read_to_string(&own).expect("the package's manifest");
        fs::write(own, text + "before = { path = 'before' }\n").expect("its manifest");
        user
    }

    /// The package compiles without a warning.
    pub(crate) fn check(&self) {
        self.checked().unwrap_or_else(|output| panic!("{output}"));
    }

    /// The package's tests pass. The allocator that a feature installs is not kept out, as it is in this workspace.
    pub(crate) fn test(&self) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.env("QADAPT_INSTALL", "");
        self.build(cargo, &["test"], &[]).unwrap_or_else(|output| panic!("{output}"));
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

    /// Names what this workspace's lock file keeps once it is the package's: what no package needs goes.
    pub(crate) fn locked(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.folder.join("Cargo.lock")).expect("there is a lock file");
        let names = text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        names.map(str::to_owned).collect()
    }

    /// Names what is linked into the package, or needed to build it, on one of these platforms. What only they need is
    /// downloaded where it is not yet; the lock file is written.
    pub(crate) fn linked(&self, platforms: &[&str]) -> BTreeSet<String> {
        let platforms = platforms.iter().flat_map(|platform| ["--target", platform]).collect::<Vec<_>>();
        let command = ["tree", "--quiet", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
        let mut cargo = Command::new(env!("CARGO"));
        let tree =
            self.output(cargo.args(command).args(&platforms)).unwrap_or_else(|output| panic!("{output}"));
        tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
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
        Some(self.build(nightly(), &["rustc", "--profile", "check", "--lib"], &[]))
    }

    fn cargo(&self, command: &[&str], flags: &[&str]) -> Result<(), String> {
        self.build(Command::new(env!("CARGO")), command, flags)
    }

    /// Builds with cargo, where other tests build too: what they need to build the guard is there.
    fn build(&self, mut cargo: Command, command: &[&str], flags: &[&str]) -> Result<(), String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested/qadapt");
        cargo.args(command).args(["--offline", "--quiet", "--target-dir"]).arg(target).arg("--").args(flags);
        self.output(&mut cargo).map(drop)
    }

    /// What cargo prints, or what it prints of its failure.
    fn output(&self, cargo: &mut Command) -> Result<String, String> {
        let output = cargo.current_dir(&self.folder).output().expect("cargo runs");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// Where the packages lie.
fn packages() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("user_crates")
}
