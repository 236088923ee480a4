//! Findings in an editor: what the last runs have found, as messages of the compiler.
//!
//! An editor runs `cargo check` at each save and shows its messages. An audit or a proof takes too long for that. So what
//! they have found is kept beside their builds, and `--format rustc-json` makes it follow the messages of a check.

pub mod check;
pub mod finding;
pub mod keep;
pub mod message;
