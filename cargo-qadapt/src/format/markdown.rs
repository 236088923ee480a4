//! Tables for a comment on a pull request, in GitHub's Markdown.
//!
//! What comes from the program stands in code spans, in which neither HTML nor links nor mentions are read; sentences that
//! may quote it are escaped.

use std::fmt::Write as _;

use super::counted::counted;
use super::item::{Severity, advice, severity_of, what};
use super::source::{Sources, cut, printable};
use super::text::region_name;
use super::view::View;
use crate::report::figures::Region;
use crate::report::line::Line;

/// What GitHub takes in one comment is 65,536 characters; bytes are never fewer.
const LIMIT: usize = 65_536;

/// Kept for the lines that say what was left out.
const RESERVE: usize = 512;

/// The report as Markdown.
#[must_use]
pub fn markdown(view: &View<'_>) -> String {
    let mut page = Page::default();
    page.add(&format!("## cargo qadapt\n\n{}\n", summary(view)));
    if let Some(outcome) = &view.outcome {
        let rows = outcome.findings.iter().map(|finding| {
            let mark = match severity_of(finding.rule) {
                Severity::Error => "**fails**",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            vec![
                mark.to_owned(),
                finding.rule.id().to_owned(),
                plain(&cut(finding.message.trim(), 1000, " ")),
            ]
        });
        page.table("Findings", &["", "rule", "finding"], 3, rows);
    }
    page.table(
        "Regions",
        &[
            "region",
            "profile",
            "calls",
            "allocs",
            "reallocs",
            "deallocs",
            "bytes",
            "peak_bytes",
            "disallowed",
        ],
        2,
        view.report.regions.iter().flat_map(|region| region_rows(view, region)),
    );
    let mut heads = ["site", "what", "code", "help"].map(str::to_owned).to_vec();
    heads.extend(view.report.profiles.iter().map(|profile| code(&printable(&profile.name))));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut sources = Sources::below(view.root);
    page.table("Sites", &heads, 4, view.lines.iter().map(|line| line_row(line, &mut sources)));
    for suppressed in &view.suppressed {
        page.add(&format!(
            "\nSuppressed by `qadapt.toml`: {}, because {}.\n",
            code(&printable(&suppressed.what)),
            code(&printable(&suppressed.reason))
        ));
    }
    page.text
}

fn summary(view: &View<'_>) -> String {
    let profiles = view.report.profiles.iter().map(|profile| {
        format!(
            "{}: {} in regions, {} disallowed.",
            code(&printable(&profile.name)),
            counted(profile.events, "event"),
            profile.disallowed
        )
    });
    let mut sentences: Vec<String> = profiles.collect();
    sentences.extend(view.report.left_out.words().map(|words| format!("{words}.")));
    if let Some(outcome) = &view.outcome {
        let failures = outcome.findings.iter().filter(|finding| finding.rule.is_failure()).count();
        sentences.insert(
            0,
            match failures {
                0 => "The check passed.".to_owned(),
                1 => "**The check failed**: 1 finding.".to_owned(),
                more => format!("**The check failed**: {more} findings."),
            },
        );
    }
    sentences.join(" ")
}

fn region_rows(view: &View<'_>, region: &Region) -> Vec<Vec<String>> {
    let rows = view.report.profiles.iter().zip(&region.counts).map(|(profile, counts)| {
        let mut row = vec![code(&region_name(&region.place)), code(&printable(&profile.name))];
        match counts {
            Some(counts) => {
                let disallowed = match counts.disallowed {
                    0 => "0".to_owned(),
                    some => format!("**{some}**"),
                };
                let figures = [
                    counts.calls,
                    counts.allocs,
                    counts.reallocs,
                    counts.deallocs,
                    counts.bytes,
                    counts.peak_bytes,
                ];
                row.extend(figures.iter().map(u64::to_string));
                // Whether it happens every time or once.
                let (with, entries) = (counts.spread.with_events(), counts.spread.all());
                if let Some(calls) =
                    row.get_mut(2).filter(|_| with > 0 && entries > 1 && !counts.spread.is_partial)
                {
                    let _ = write!(calls, ", {with} with events");
                }
                row.push(match counts.waits_in_words() {
                    Some(words) => format!("{disallowed}, {words}"),
                    None => disallowed,
                });
            }
            None => row.push("not entered".to_owned()),
        }
        row
    });
    rows.collect()
}

fn line_row(line: &Line, sources: &mut Sources) -> Vec<String> {
    let (place, source) = match &line.at {
        Some((file, number)) => {
            let source = sources.line(file, *number).filter(|source| !source.is_empty()).map(code);
            (format!("{}:{number}", printable(file)), source)
        }
        None => (printable(&line.function), None),
    };
    let help: Vec<&str> = advice(line).collect();
    let mut row = vec![code(&place), code(&what(line)), source.unwrap_or_default(), plain(&help.join("; "))];
    row.extend(line.counts.iter().map(|counts| match counts {
        Some(counts) if counts.estimate == counts.count => counts.count.to_string(),
        Some(counts) => format!("about {}", counts.estimate),
        None => "0".to_owned(),
    }));
    row
}

/// A text of at most the limit.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn add(&mut self, text: &str) -> bool {
        let fits = self.text.len() + text.len() + RESERVE <= LIMIT;
        if fits {
            self.text.push_str(text);
        }
        fits
    }

    /// A table whose columns from `numbers` on are figures, with as many of its rows as there is room for.
    fn table(
        &mut self,
        title: &str,
        heads: &[&str],
        numbers: usize,
        mut rows: impl Iterator<Item = Vec<String>>,
    ) {
        let Some(first) = rows.next() else { return };
        let rule: String = (0..heads.len()).map(|i| if i < numbers { " --- |" } else { " ---: |" }).collect();
        let head = format!("\n### {title}\n\n| {} |\n|{rule}\n", heads.join(" | "));
        let line = |row: Vec<String>| format!("| {} |\n", row.join(" | "));
        let mut fits = self.add(&format!("{head}{}", line(first)));
        let mut left_out = usize::from(!fits);
        for row in rows {
            fits = fits && self.add(&line(row));
            left_out += usize::from(!fits);
        }
        if left_out > 0 {
            let title = title.to_lowercase();
            // There is always room for this: that is what the reserve is for.
            let _ = writeln!(self.text, "\n{left_out} more rows of {title} do not fit into a comment.");
        }
    }
}

/// A code span that shows exactly this text, in a cell of a table.
fn code(shown: &str) -> String {
    if shown.trim().is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for c in shown.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) { " " } else { "" };
    // A pipe would end the cell. Parsers disagree about a backslash before an escaped pipe, so a blank goes between.
    let cell = shown.replace("\\|", "\\ |").replace('|', "\\|");
    format!("{fence}{pad}{cell}{pad}{fence}")
}

/// A text that is shown as it is, in a cell of a table.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            shown.push('\\');
        }
        shown.push(c);
        if matches!(c, '@' | '#') {
            // GitHub reads mentions and numbers of issues after Markdown: a space without width keeps them apart.
            shown.push('\u{200B}');
        }
    }
    shown
}
