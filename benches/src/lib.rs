//! The programs whose instructions are counted, and the list of what is counted.
//!
//! `cargo run -p qadapt-bench --bin instructions` counts and compares; see `src/bin/instructions`.

pub mod nested;
pub mod plan;
mod shapes;

/// Runs a shape as this crate compiled it: as part of a library, whose access to thread-locals differs from that
/// of a program's own crate. `None` if there is no such shape.
#[must_use]
pub fn run_in_library(shape: &str, guarded: bool, turns: u64) -> Option<u64> {
    shapes::run(shape, guarded, turns)
}
