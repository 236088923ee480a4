//! The audit, as a user runs it, on small programs whose allocations are known.

mod command;
mod damaged;
mod disk;
mod errors;
mod exact;
mod examples;
mod formats;
mod merging;
mod pace;
mod processes;
mod proofs;
mod readme;
mod suites;
