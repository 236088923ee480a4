//! What the parts of a job say, as they cross the edge of the sandbox.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assembly::Function;
use crate::report::figures::Report;

/// One part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Built without optimisation, run, and its trace read.
    Debug,
    /// Built with optimisation, run, and its trace read.
    Release,
    /// Built as it would be shipped, and its machine code read.
    Proof,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Debug, Self::Release, Self::Proof];

    /// Its name on the page and in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
            Self::Proof => "proof",
        }
    }
}

/// What became of a part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It ran.
    Ran {
        /// What it did.
        report: Report,
        /// What went wrong without being the end of it.
        problems: Vec<String>,
    },
    /// It was proven, or not.
    Proved {
        /// The verdicts, as `cargo qadapt prove --format json` has them.
        proofs: Value,
        /// The machine code of the snippet's functions.
        code: Vec<Function>,
    },
    /// The compiler found mistakes.
    Wrong(Vec<Mistake>),
    /// Something else was in the way.
    Failed(String),
}

/// A mistake that the compiler found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// The file, as reports call it; empty if it is about none of the project's.
    pub file: String,
    /// The line, from 1; 0 if it is about no line.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The line where it ends.
    pub end_line: u32,
    /// The column behind its end.
    pub end_column: u32,
    /// In one sentence.
    pub message: String,
    /// As the compiler prints it.
    pub rendered: String,
}
