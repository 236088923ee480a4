//! The formats by name.

use clap::ValueEnum;

use super::html::page::html;
use super::json::json;
use super::text::text;
use super::view::View;
use crate::error::Result;

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; `cargo qadapt merge` reads it too.
    Json,
    /// For browsers: one file that needs no network.
    Html,
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
        }
    }
}
