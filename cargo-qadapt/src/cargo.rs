//! The cargo that is called.

use std::process::Command;

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A call of cargo, the one that started this command if there is one.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What `cargo metadata` prints, with what is added to its call. Where it fails, `failed` says what that means, before what cargo
/// says.
///
/// # Errors
/// If cargo cannot be started, fails, or prints something else.
pub fn metadata<T: DeserializeOwned>(add: impl FnOnce(&mut Command), failed: &str) -> Result<T> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    add(&mut command);
    let output =
        command.output().map_err(|source| Error::Start { program: "cargo metadata".to_owned(), source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Cargo(format!("{failed}:\n{}", said.trim_end())));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(Error::failed("could not read what `cargo metadata` printed"))
}

/// The platform that cargo runs on.
#[must_use]
pub fn host() -> Option<String> {
    says("host: ")
}

/// Cargo's version, without the last number.
#[must_use]
pub fn version() -> Option<(u32, u32)> {
    let release = says("release: ")?;
    let mut numbers = release.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What cargo says of itself behind this word.
fn says(word: &str) -> Option<String> {
    let output = cargo().arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix(word)).map(str::to_owned)
}
