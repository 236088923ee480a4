//! The report for programs.

use qadapt_code::advice::Advice;
use serde::Serialize;

use super::view::View;
use crate::error::{Error, Result};
use crate::report::figures::{Op, PerProfile, Report, SiteCounts};
use crate::report::line::Line;
use crate::report::outcome::Finding;
use crate::report::spread::Entries;

/// The report as `cargo qadapt merge` reads it, and for other readers also its sites by line, which can be told from
/// that.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    report: &'a Report,
    lines: Vec<ShownLine<'a>>,
    /// What a check found; not there in an audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a [Finding]>,
}

#[derive(Serialize)]
struct ShownLine<'a> {
    region: usize,
    file: Option<&'a str>,
    line: Option<u32>,
    function: &'a str,
    #[serde(with = "crate::report::op")]
    op: Op,
    called: &'a [String],
    inside: &'a [String],
    advice: &'a [Advice],
    mark: &'a str,
    counts: &'a PerProfile<SiteCounts>,
    entries: &'a PerProfile<Entries>,
}

impl<'a> ShownLine<'a> {
    fn of(line: &'a Line) -> Self {
        Self {
            region: line.region,
            file: line.at.as_ref().map(|(file, _)| file.as_str()),
            line: line.at.as_ref().map(|&(_, number)| number),
            function: &line.function,
            op: line.op,
            called: &line.called,
            inside: &line.inside,
            advice: &line.advice,
            mark: &line.mark,
            counts: &line.counts,
            entries: &line.entries,
        }
    }
}

/// The report as JSON.
///
/// # Errors
/// If it cannot be written so.
pub fn json(view: &View<'_>) -> Result<Vec<u8>> {
    let shown = Shown {
        report: view.report,
        lines: view.lines.iter().map(ShownLine::of).collect(),
        findings: view.outcome.as_ref().map(|outcome| outcome.findings.as_slice()),
    };
    let mut json = serde_json::to_vec_pretty(&shown).map_err(Error::write("write JSON"))?;
    json.push(b'\n');
    Ok(json)
}
