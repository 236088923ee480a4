//! What a branch changed, as a table for a comment on a pull request.

use std::fmt::Write as _;

use super::source::{Sources, on_one_line, printable};
use super::view::View;
use crate::report::changes::{Change, Changes};
use crate::report::op;
use crate::report::outcome::{Finding, Outcome};

/// The table, the lines that are new, and what the check found, in Markdown.
#[must_use]
pub fn changes(view: &View<'_>, changes: &Changes) -> String {
    let mut out = String::from("### Allocations\n\n");
    let since = code(&changes.since);
    if changes.rows.is_empty() {
        let _ = writeln!(out, "No region changed since {since}.");
    } else {
        table(&mut out, changes);
        new_lines(&mut out, view, changes);
        let regions = if changes.same == 1 { "region" } else { "regions" };
        let _ = writeln!(out, "\nSince {since}; {} more {regions} did not change.", changes.same);
    }
    if let Some(outcome) = &view.outcome {
        findings(&mut out, outcome);
    }
    let _ = writeln!(out, "\n{}", code(&format!("cargo qadapt check {}", changes.command)));
    out
}

fn table(out: &mut String, changes: &Changes) {
    let _ = writeln!(out, "| | region | profile | {} |", changes.figures.join(" | "));
    let _ = writeln!(out, "|---|---|---|{}", "---:|".repeat(changes.figures.len()));
    for row in &changes.rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            row.trend.word(),
            cell(&row.region),
            cell(&row.profile),
            row.cells.join(" | ")
        );
    }
}

fn new_lines(out: &mut String, view: &View<'_>, changes: &Changes) {
    let mut sources = Sources::below(view.root);
    let mut shown = Vec::new();
    for &index in changes.rows.iter().flat_map(|row: &Change| &row.lines) {
        let Some(line) = view.lines.get(index).filter(|_| !shown.contains(&index)) else { continue };
        if shown.is_empty() {
            out.push_str("\nLines that are new or passed more often:\n\n");
        }
        shown.push(index);
        let place = match &line.at {
            Some((file, number)) => format!("{}:{number}", on_one_line(file)),
            None => printable(&line.function),
        };
        let text =
            line.at.as_ref().and_then(|(file, number)| sources.line(file, *number)).unwrap_or_default();
        let text = if text.is_empty() { String::new() } else { format!(": {}", code(text)) };
        let _ = writeln!(out, "- {} at {}{text}", op::noun(line.op), code(&place));
    }
}

fn findings(out: &mut String, outcome: &Outcome) {
    let failures: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| finding.rule.is_failure()).collect();
    if failures.is_empty() {
        return;
    }
    out.push_str("\nThe check fails:\n\n");
    for finding in failures {
        let _ = writeln!(out, "- {}", code(&finding.message));
    }
}

/// The same in a table, where a pipe ends a cell even in code.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text that Markdown takes as it is.
fn code(text: &str) -> String {
    let text = on_one_line(text);
    // A fence must be longer than any run of backticks inside it.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{cell, code};

    #[test]
    fn hostile_text_stays_in_its_cell() {
        for (text, expected) in [
            ("a", "`a`"),
            ("a|b", "`a|b`"),
            ("`x` ``y``", "``` `x` ``y`` ```"),
            ("<img>\n\u{1b}|", "`<img>\u{FFFD}\u{FFFD}|`"),
            ("", "`  `"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
    }
}
