//! The cargo that is called.

use std::process::Command;

/// A call of cargo, the one that started this command if there is one.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
