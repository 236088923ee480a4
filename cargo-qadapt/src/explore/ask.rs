//! What the page asks for, and what it is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Mistake, Part};

/// What the page asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Which of the open pages asks: its newer job ends the older one.
    pub tab: String,
    /// The snippet.
    pub code: String,
    /// The program's standard input.
    #[serde(default)]
    pub input: String,
    /// The program's arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// How it is built.
    #[serde(default)]
    pub how: How,
}

/// How a snippet is built.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct How {
    /// Rust's edition; 2024 if none is named.
    pub edition: Edition,
}

/// An edition of Rust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum Edition {
    /// 2018.
    #[serde(rename = "2018")]
    E2018,
    /// 2021.
    #[serde(rename = "2021")]
    E2021,
    /// 2024.
    #[default]
    #[serde(rename = "2024")]
    E2024,
}

impl Edition {
    /// As a manifest has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::E2018 => "2018",
            Self::E2021 => "2021",
            Self::E2024 => "2024",
        }
    }
}

/// What the page is told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// What is going on.
    Progress {
        /// In words.
        text: String,
    },
    /// What runs did: `cargo qadapt audit --format json`, of the profiles that are there already.
    Report {
        /// That JSON.
        report: Value,
        /// What went wrong without being the end of it.
        problems: Vec<String>,
    },
    /// The verdicts: the `proofs` of `cargo qadapt prove --format json`.
    Proof {
        /// That JSON.
        proofs: Value,
    },
    /// The compiler found mistakes.
    Wrong {
        /// Which.
        mistakes: Vec<Mistake>,
    },
    /// A part could not be made.
    Failed {
        /// Which.
        part: Part,
        /// Why.
        text: String,
    },
    /// What the program and the compiler printed.
    Output {
        /// In which part.
        part: Part,
        /// The text, or its beginning.
        text: String,
    },
    /// Nothing more will come.
    Done {
        /// How long it took.
        milliseconds: u64,
    },
}
