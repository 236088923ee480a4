//! The check, as a user runs it, on copies of a small program that the tests then edit.

mod apart;
mod bad_input;
mod baseline;
mod config;
mod copy;
mod elsewhere;
mod examples;
#[path = "../golden/mod.rs"]
mod golden;
#[cfg(unix)]
mod links;
mod runs;
mod since;
mod waits;
mod wrappers;
