//! The check, as a user runs it, on copies of a small program that the tests then edit.

mod apart;
mod bad_input;
mod baseline;
mod config;
mod copy;
mod examples;
#[cfg(unix)]
mod links;
mod moved;
mod runs;
mod since;
mod waits;
mod wrappers;
