//! The audit, as a user runs it, on small programs whose allocations are known.

mod believed;
mod command;
mod damaged;
mod disk;
mod errors;
mod exact;
mod examples;
mod formats;
mod interrupts;
mod merging;
mod pace;
mod processes;
mod proofs;
mod readme;
mod suites;
