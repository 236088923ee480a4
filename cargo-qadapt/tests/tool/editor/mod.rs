//! Findings in an editor: read by what reads cargo's messages, and shown by rust-analyzer.

mod messages;
mod project;
mod server;
mod shown;
