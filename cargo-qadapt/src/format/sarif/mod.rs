//! SARIF 2.1.0, as GitHub's code scanning takes it.

mod flows;
mod log;
mod rules;
mod write;

pub use write::sarif;
