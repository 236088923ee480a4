//! Findings as messages of cargo and rustc.
//!
//! <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages> and
//! <https://doc.rust-lang.org/rustc/json.html>

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::finding::{Finding, Spot};
use super::keep::now;
use crate::build::{Owner, Workspace};
use crate::format::source::contents;

/// A line that cargo prints.
#[expect(clippy::struct_field_names, reason = "these are the format's names")]
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    reason: &'static str,
    #[serde(flatten)]
    owner: Owner<'a>,
    message: Diagnostic,
}

/// What rustc says.
#[derive(Debug, Serialize)]
struct Diagnostic {
    #[serde(rename = "$message_type")]
    message_type: &'static str,
    message: String,
    code: Option<Code>,
    level: &'static str,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
    rendered: Option<String>,
}

#[derive(Debug, Serialize)]
struct Code {
    code: String,
    explanation: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    line_start: usize,
    line_end: usize,
    column_start: usize,
    column_end: usize,
    is_primary: bool,
    text: [Text; 1],
    label: Option<String>,
    suggested_replacement: Option<()>,
    suggestion_applicability: Option<()>,
    expansion: Option<()>,
}

#[expect(clippy::struct_field_names, reason = "these are the format's names")]
#[derive(Debug, Serialize)]
struct Text {
    text: String,
    highlight_start: usize,
    highlight_end: usize,
}

/// Makes messages, and reads each source once.
#[derive(Debug)]
pub struct Messages<'a> {
    workspace: &'a Workspace,
    sources: HashMap<String, String>,
}

impl<'a> Messages<'a> {
    /// For findings in a workspace.
    #[must_use]
    pub fn of(workspace: &'a Workspace) -> Self {
        Self { workspace, sources: HashMap::new() }
    }

    /// The message for a finding; none where its line is not there any more.
    pub fn message(&mut self, finding: &Finding) -> Option<Message<'a>> {
        let owner = self.workspace.owner(&finding.at.file)?;
        let mut spans = vec![self.span(&finding.at, None)?];
        spans.extend(finding.related.iter().filter_map(|(spot, label)| self.span(spot, Some(label.clone()))));
        let code = format!("qadapt::{}", finding.rule);
        let level = if finding.is_note { "note" } else { "warning" };
        let rendered = rendered(finding, level, &spans[0]);
        let children = finding.help.iter().map(|help| Diagnostic {
            message_type: "diagnostic",
            message: help.clone(),
            code: None,
            level: "help",
            spans: Vec::new(),
            children: Vec::new(),
            rendered: None,
        });
        let message = Diagnostic {
            message_type: "diagnostic",
            message: finding.message.clone(),
            code: Some(Code { code, explanation: None }),
            level,
            children: children.collect(),
            spans,
            rendered: Some(rendered),
        };
        Some(Message { reason: "compiler-message", owner, message })
    }

    /// From the known column, or the first word, to the line's end.
    fn span(&mut self, spot: &Spot, label: Option<String>) -> Option<Span> {
        let root = self.workspace.root();
        let source =
            self.sources.entry(spot.file.clone()).or_insert_with(|| contents(&root.join(&spot.file)));
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        let number = now(&lines, spot)?;
        let before: usize = lines.iter().take(number - 1).map(|line| line.len()).sum();
        let line = lines.get(number - 1)?.trim_end();
        let indentation = line.len() - line.trim_start().len();
        // The column that it had, moved with the indentation.
        let had = spot.text.len() - spot.text.trim_start().len();
        let column = usize::try_from(spot.column).unwrap_or(0).checked_sub(1);
        let start = column
            .and_then(|column| column.checked_sub(had))
            .map_or(indentation, |column| column + indentation);
        let start = if line.is_char_boundary(start) && start < line.len() { start } else { indentation };
        let characters = |text: &str| text.chars().count() + 1;
        let (column_start, column_end) = (characters(&line[..start]), characters(line));
        Some(Span {
            file_name: file_name(&spot.file),
            byte_start: before + start,
            byte_end: before + line.len(),
            line_start: number,
            line_end: number,
            column_start,
            column_end,
            is_primary: label.is_none(),
            text: [Text { text: line.to_owned(), highlight_start: column_start, highlight_end: column_end }],
            label,
            suggested_replacement: None,
            suggestion_applicability: None,
            expansion: None,
        })
    }
}

/// The path, as the compiler of this system writes it.
fn file_name(file: &str) -> String {
    if cfg!(windows) { file.replace('/', "\\") } else { Path::new(file).display().to_string() }
}

/// The message as a terminal shows it.
fn rendered(finding: &Finding, level: &str, span: &Span) -> String {
    let number = span.line_start.to_string();
    let margin = " ".repeat(number.len());
    let mut text = format!("{level}: {}\n", finding.message);
    let _ = writeln!(text, "{margin}--> {}:{number}:{}", span.file_name, span.column_start);
    let _ = writeln!(text, "{margin} |\n{number} | {}", span.text[0].text);
    let marks = "^".repeat(span.column_end.saturating_sub(span.column_start).max(1));
    let _ = writeln!(text, "{margin} | {}{marks}", " ".repeat(span.column_start - 1));
    for help in &finding.help {
        let _ = writeln!(text, "{margin} = help: {help}");
    }
    let _ = writeln!(text, "{margin} = note: `qadapt::{}`\n", finding.rule);
    text
}
