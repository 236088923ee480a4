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
