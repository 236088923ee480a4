//! What the page asks for, and what it is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Mistake, Part};
use super::assembly::Function;
use super::target::Target;

/// What the page asks for.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// Which of the open pages asks: its newer job ends the older one.
    pub tab: String,
    /// What is built and run.
    #[serde(flatten)]
    pub subject: Subject,
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

/// What is built and run.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A snippet.
    Code(String),
    /// A target of the project.
    Target(Target),
}

/// How a snippet is built; what is not said is as in the project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct How {
    /// Rust's edition; 2024 if none is named.
    pub edition: Edition,
    /// How much the release build is optimised.
    pub opt_level: Option<Level>,
    /// Whether it is optimised across crates.
    pub lto: Option<Lto>,
    /// Features of the project's package, besides those that it has anyhow.
    pub features: Vec<String>,
    /// The allocator below the guard; the system's if none is named.
    pub allocator: Option<Allocator>,
    /// Whether the proof asks where the thread may wait, in place of where it allocates.
    pub blocking: bool,
}

impl How {
    /// The settings of cargo's that say so, as `--config` takes them.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let level = self.opt_level.map(|level| format!("profile.release.opt-level = {}", level.word()));
        let lto = self.lto.map(|lto| format!("profile.release.lto = {}", lto.word()));
        level.into_iter().chain(lto).collect()
    }
}

/// A level of optimisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Level {
    /// None.
    #[serde(rename = "0")]
    None,
    /// Some.
    #[serde(rename = "1")]
    Some,
    /// Most.
    #[serde(rename = "2")]
    Most,
    /// All.
    #[serde(rename = "3")]
    All,
    /// For size.
    #[serde(rename = "s")]
    Size,
    /// For size above all.
    #[serde(rename = "z")]
    LeastSize,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Some => "1",
            Self::Most => "2",
            Self::All => "3",
            Self::Size => "\"s\"",
            Self::LeastSize => "\"z\"",
        }
    }
}

/// Optimisation at link time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lto {
    /// None at all.
    Off,
    /// In parallel.
    Thin,
    /// All crates as one.
    Fat,
}

impl Lto {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "\"off\"",
            Self::Thin => "\"thin\"",
            Self::Fat => "\"fat\"",
        }
    }
}

/// An allocator that the guard can wrap, by the crate that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allocator {
    /// jemalloc.
    #[serde(rename = "tikv_jemallocator")]
    Jemalloc,
    /// mimalloc.
    #[serde(rename = "mimalloc")]
    Mimalloc,
    /// snmalloc.
    #[serde(rename = "snmalloc_rs")]
    Snmalloc,
}

impl Allocator {
    /// All of them, each with its crate's name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Jemalloc, "tikv_jemallocator"),
        (Self::Mimalloc, "mimalloc"),
        (Self::Snmalloc, "snmalloc_rs"),
    ];

    /// Its value, which is also its type.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Jemalloc => "tikv_jemallocator::Jemalloc",
            Self::Mimalloc => "mimalloc::MiMalloc",
            Self::Snmalloc => "snmalloc_rs::SnMalloc",
        }
    }
}

/// An edition of Rust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
        /// The machine code of the snippet's functions.
        code: Vec<Function>,
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
    /// Files of the project were written.
    Changed {},
    /// Nothing more will come.
    Done {
        /// How long it took.
        milliseconds: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_becomes_settings_that_cargo_takes() {
        let how: How =
            serde_json::from_str(r#"{"opt_level":"s","lto":"thin","edition":"2021"}"#).expect("it is one");
        let settings = how.settings();
        assert_eq!(settings, ["profile.release.opt-level = \"s\"", "profile.release.lto = \"thin\""]);
        assert!(settings.iter().all(|setting| setting.parse::<toml::Table>().is_ok()));
        assert!(How::default().settings().is_empty());
        assert!(serde_json::from_str::<How>(r#"{"lto":"\" \nrunner = 1"}"#).is_err());
    }
}
