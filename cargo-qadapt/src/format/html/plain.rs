//! Tables for browsers that run no script.

use std::fmt::Write as _;

use super::super::source::{on_one_line, printable};
use super::super::text::region_name;
use super::super::view::View;
use crate::report::line::Line;
use crate::report::op;

/// Rows of a table.
const ROWS: usize = 1_000;

/// The regions and the lines, as far as there is room.
pub(super) fn plain(view: &View<'_>) -> String {
    let report = view.report;
    let mut out = String::new();
    if let Some(words) = report.left_out.words() {
        let _ = writeln!(out, "<p>{words}.</p>");
    }
    for finding in view.outcome.iter().flat_map(|outcome| &outcome.findings).take(ROWS) {
        let _ = writeln!(out, "<p>{}: {}</p>", finding.rule.id(), escape(&on_one_line(&finding.message)));
        for line in finding.lines.iter().filter_map(|&line| view.lines.get(line)) {
            let _ = writeln!(out, "<p>{} at {}</p>", op::noun(line.op), escape(&place(line)));
        }
    }
    out.push_str(
        "<h2>Regions</h2><table><thead><tr><th>region<th>profile<th>calls<th>allocs<th>reallocs<th>deallocs\
         <th>failed<th>bytes<th>peak_bytes<th>disallowed<th>permitted<th></thead><tbody>\n",
    );
    for region in report.regions.iter().take(ROWS) {
        for (profile, counts) in report.profiles.iter().zip(&region.counts) {
            let name = escape(&region_name(&region.place));
            let _ = write!(out, "<tr><td>{name}<td>{}", escape(&printable(&profile.name)));
            let Some(counts) = counts else {
                out.push_str("<td colspan=10>not entered\n");
                continue;
            };
            for figure in [
                counts.calls,
                counts.allocs,
                counts.reallocs,
                counts.deallocs,
                counts.failed,
                counts.bytes,
                counts.peak_bytes,
                counts.disallowed,
                counts.permitted,
            ] {
                let _ = write!(out, "<td>{figure}");
            }
            let _ = writeln!(out, "<td>{}", counts.waits_in_words().unwrap_or_default());
        }
    }
    out.push_str("</tbody></table>\n");
    left_out(&mut out, report.regions.len());
    out.push_str("<h2>Sites</h2><table><thead><tr><th>line<th>what<th>in profile<th>times<th>bytes<th></thead><tbody>\n");
    let profiles: Vec<&str> = report.profiles.iter().map(|profile| profile.name.as_str()).collect();
    for line in view.lines.iter().take(ROWS) {
        let mark = escape(&line.mark);
        for (profile, counts) in profiles.iter().zip(&line.counts) {
            let Some(counts) = counts else { continue };
            let _ = writeln!(
                out,
                "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{mark}",
                escape(&place(line)),
                op::noun(line.op),
                escape(&printable(profile)),
                counts.estimate,
                counts.bytes
            );
        }
    }
    out.push_str("</tbody></table>\n");
    left_out(&mut out, view.lines.len());
    out
}

fn place(line: &Line) -> String {
    match &line.at {
        Some((file, number)) => format!("{}:{number}", printable(file)),
        None => printable(&line.function),
    }
}

fn left_out(out: &mut String, rows: usize) {
    if rows > ROWS {
        let _ = writeln!(out, "<p>{} more are shown where scripts run.</p>", rows - ROWS);
    }
}

/// The text as HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
