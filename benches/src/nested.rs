//! Builds of this package that this package's own tools start.

use std::env;
use std::path::Path;
use std::process::Command;

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Release, each crate by itself.
    Plain,
    /// Release, with link-time optimisation over all crates.
    FatLto,
    /// Not optimised, but without debug assertions: quick, and the checks are off unless something turns them on.
    Unoptimised,
}

impl Profile {
    /// The profile's name, which is the name of its folder too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "counted",
            Self::FatLto => "counted-fat-lto",
            Self::Unoptimised => "counted-unoptimised",
        }
    }

    /// What differs from `release` or `dev`. Spelt out here, so that nothing depends on the workspace's profiles; debug
    /// information changes no code and takes time.
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["inherits = \"release\"", "lto = false", "debug = false"],
            Self::FatLto => &["inherits = \"release\"", "lto = \"fat\"", "debug = false"],
            Self::Unoptimised => &["inherits = \"dev\"", "debug-assertions = false", "debug = false"],
        }
    }
}

/// A cargo command for this package, which builds into a folder under `target`, unswayed by the caller's switches.
#[must_use]
pub fn cargo(subcommand: &str, target: &Path, profile: Profile) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([subcommand, "--quiet", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .args(["--profile", profile.name()])
        .env("CARGO_TARGET_DIR", target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("QADAPT_ENFORCE");
    for setting in profile.settings() {
        command.arg("--config").arg(format!("profile.{}.{setting}", profile.name()));
    }
    command
}
