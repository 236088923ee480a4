//! What a check found, for people.

use std::fmt::Write as _;

use super::counted::counted;
use super::line::{Shown, site};
use super::source::{Sources, on_one_line};
use super::style::{BAD, DIFFERENT, FAINT, HEADING, paint};
use super::view::View;
use crate::report::line::Line;
use crate::report::outcome::{Finding, Outcome, Rule};

/// The findings, each with the lines that it names.
pub(super) fn findings(out: &mut String, view: &View<'_>, outcome: &Outcome) {
    let mut sources = Sources::below(view.root);
    for finding in &outcome.findings {
        write_finding(out, view, finding, &mut sources);
    }
    let failures = outcome.findings.iter().filter(|finding| finding.rule.is_failure()).count();
    let notes = outcome.findings.len() - failures;
    let (style, verdict) = if failures > 0 { (BAD, "failed") } else { (HEADING, "passed") };
    let _ = writeln!(
        out,
        "check {}: {}, {} in {}",
        paint(style, verdict),
        counted(failures, "failure"),
        counted(notes, "note"),
        counted(view.report.regions.len(), "region")
    );
}

fn write_finding(out: &mut String, view: &View<'_>, finding: &Finding, sources: &mut Sources) {
    let (style, word) = match finding.rule {
        rule if rule.is_failure() => (BAD, "error"),
        Rule::Varies => (DIFFERENT, "warning"),
        _ => (FAINT, "note"),
    };
    let label = format!("{word}[{}]", finding.rule.id());
    let _ = writeln!(out, "{}: {}", paint(style, &label), on_one_line(&finding.message));
    // Only the profiles that the finding is about: another one may have the line from before.
    let is_meant = |profile: usize| finding.is_of(profile);
    let profiles = view.report.profiles.iter().enumerate().filter(|(index, _)| is_meant(*index));
    let shown = Shown::of(profiles.map(|(_, profile)| profile), view.says_lives);
    for line in finding.lines.iter().filter_map(|&line| view.lines.get(line)) {
        let counts = line.counts.iter().enumerate().filter(|(index, _)| is_meant(*index));
        let counts = counts.map(|(_, counts)| *counts).collect();
        let entries = line.entries.iter().enumerate().filter(|(index, _)| is_meant(*index));
        let entries = entries.map(|(_, entries)| *entries).collect();
        let mark = if finding.profiles.len() == 1 { String::new() } else { line.mark.clone() };
        let line = Line { counts, entries, mark, ..line.clone() };
        site(out, &shown, &line, sources);
    }
}
