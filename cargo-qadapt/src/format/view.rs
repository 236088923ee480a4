//! What formats print: a report, its lines, and what a check made of it.

use std::path::Path;

use crate::report::figures::Report;
use crate::report::line::Line;
use crate::report::lines::lines;
use crate::report::outcome::Outcome;
use crate::report::suppress::Suppressed;

/// All that a format needs.
#[derive(Debug)]
pub struct View<'a> {
    /// The figures.
    pub report: &'a Report,
    /// The lines of the user's own code at which regions were violated, by region, in the order in which they are shown.
    pub lines: Vec<Line>,
    /// The folder that relative paths start from: sources are read from there.
    pub root: &'a Path,
    /// What a comparison with the baseline found; none in an audit.
    pub outcome: Option<Outcome>,
    /// What `qadapt.toml` took out of the report, and why.
    pub suppressed: Vec<Suppressed>,
    /// The text says of each line what became of its blocks, and not only what is alive at the end.
    pub says_lives: bool,
    /// Nothing is missing in the figures, as far as is known. Where something is, the command says what, and ends with 2.
    pub is_whole: bool,
}

impl<'a> View<'a> {
    /// A report by itself, its lines by place.
    #[must_use]
    pub fn new(report: &'a Report, root: &'a Path) -> Self {
        Self {
            report,
            lines: lines(report),
            root,
            outcome: None,
            suppressed: Vec::new(),
            says_lives: false,
            is_whole: true,
        }
    }
}
