//! The verb: measure, report.

use std::path::Path;
use std::process::ExitCode;

use super::args::Audit;
use super::gaps::{nothing_audited, undecided};
use super::measure::{Detail, Measured};
use super::problems::Problems;
use crate::build::Workspace;
use crate::config::{self, Config};
use crate::editor::check::check;
use crate::editor::finding::of_view;
use crate::editor::keep::{Kind, keep_or_say};
use crate::error::Result;
use crate::format::name::Format;
use crate::format::output::Output;
use crate::format::view::View;
use crate::given::spared;
use crate::report::choice::{Choice, Weight};
use crate::report::figures::Report;
use crate::report::suppress::{Suppressed, suppress};

impl Audit {
    /// Runs the verb.
    ///
    /// # Errors
    /// If nothing can be audited.
    pub fn run(&self) -> Result<ExitCode> {
        self.output.ready()?;
        if self.output.format == Format::RustcJson {
            return check(&self.runs.selection, self.output.output.as_deref());
        }
        let workspace = Workspace::find(&self.runs.selection)?;
        spared(&workspace.root().join(config::NAME), self.output.output.as_deref())?;
        let config = Config::beside(workspace.root())?;
        let Measured { mut reports, mut problems, .. } =
            self.runs.measure(&workspace, &config, 1, Detail { by: self.choice.by, live: self.live })?;
        let mut report = reports.pop().unwrap_or_default();
        if let Some(problem) = nothing_audited(&report, self.runs.whole_program) {
            problems.add_gap(problem);
            return Ok(problems.end(&self.output, false));
        }
        let removed = suppress(&mut report, &config.suppressions);
        problems.extend(undecided(&report, &removed));
        // Of the whole report: what is shown may be a part of it.
        let findings = of_view(&View::new(&report, workspace.root()));
        let ended =
            show(report, &self.choice, removed.suppressions, workspace.root(), &self.output, &problems);
        keep_or_say(&workspace, Kind::Audit, findings, self.output.color);
        ended
    }
}

/// Prints what is chosen of a report, and says how the command ends, which is for the whole of it.
///
/// # Errors
/// If it cannot be written.
pub fn show(
    mut report: Report,
    choice: &Choice,
    suppressed: Vec<Suppressed>,
    root: &Path,
    output: &Output,
    problems: &Problems,
) -> Result<ExitCode> {
    output.say("warning", choice.matches_nothing(&report).as_slice());
    let has_findings = report.disallowed() > 0;
    report.missing = problems.missing(has_findings);
    let is_whole = report.missing.is_empty();
    let (report, lines) = choice.of(report);
    let says_lives = choice.sort == Weight::Live;
    output.write(&View { lines, suppressed, says_lives, is_whole, ..View::new(&report, root) })?;
    Ok(problems.end(output, has_findings))
}
