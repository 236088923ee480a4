//! The formats by name.

use clap::ValueEnum;

use super::dhat::dhat;
use super::folded::folded;
use super::github::github;
use super::html::page::html;
use super::json::json;
use super::junit::junit;
use super::markdown::markdown;
use super::pprof::pprof;
use super::sarif::sarif;
use super::text::text;
use super::view::View;
use crate::error::{Error, Result};

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; `cargo qadapt merge` reads it too.
    Json,
    /// For browsers: one file that needs no network.
    Html,
    /// For GitHub's code scanning.
    Sarif,
    /// For CI services that show tests.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Tables for a comment on a pull request.
    Markdown,
    /// For the viewer of Valgrind's DHAT.
    Dhat,
    /// Folded stacks, for flame graphs.
    Folded,
    /// A compressed profile, for pprof and for servers that keep profiles.
    Pprof,
    /// For editors: runs `cargo check` in place of the program, and after its messages prints what the last run has found.
    RustcJson,
}

impl Format {
    /// The report in this format.
    ///
    /// # Errors
    /// If the report cannot be written in this format.
    pub fn render(self, view: &View<'_>) -> Result<Vec<u8>> {
        match self {
            Self::Text => Ok(text(view).into_bytes()),
            Self::Json => json(view),
            Self::Html => html(view),
            Self::Sarif => sarif(view),
            Self::Junit => junit(view),
            Self::Github => Ok(github(view).into_bytes()),
            Self::Markdown => Ok(markdown(view).into_bytes()),
            Self::Dhat => dhat(view),
            Self::Folded => Ok(folded(view).into_bytes()),
            Self::Pprof => pprof(view),
            Self::RustcJson => Err(Error::Usage(
                "this format shows what the last audit, check or proof of a workspace has found: ask one of those for it"
                    .to_owned(),
            )),
        }
    }

    /// True if a terminal cannot show it.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Pprof)
    }
}
