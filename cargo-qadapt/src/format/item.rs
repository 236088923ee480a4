//! What formats for CI list: each finding of a check at its lines, or, in an audit, each line.

use super::line::{inside, line_figures};
use super::paths::Paths;
use super::source::printable;
use super::text::region_name;
use super::view::View;
use crate::report::figures::Op;
use crate::report::line::Line;
use crate::report::op;
use crate::report::outcome::{Finding, Rule};

/// One thing to say, at one place.
#[derive(Debug)]
pub struct Item {
    /// The rule's name, which stays the same: an operation in an audit, a rule of the check otherwise.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The region's place in the report.
    pub region: Option<usize>,
    /// The profile's place in the report, if it is about one.
    pub profile: Option<usize>,
    /// The line's place in the view's lines.
    pub line: Option<usize>,
    /// What is to say, on one line.
    pub message: String,
    /// What to do instead.
    pub help: Vec<&'static str>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It fails the command.
    Error,
    /// It should be looked at.
    Warning,
    /// It is good to know.
    Note,
}

/// All items: a check's findings in their order, or the lines of an audit.
#[must_use]
pub fn items(view: &View<'_>) -> Vec<Item> {
    match &view.outcome {
        Some(outcome) => outcome.findings.iter().flat_map(|finding| of_finding(view, finding)).collect(),
        None => (0..view.lines.len()).map(|index| of_line(view, index)).collect(),
    }
}

/// The rule of a line in an audit.
#[must_use]
pub const fn rule_of(op: Op) -> &'static str {
    match op {
        Op::Alloc | Op::AllocZeroed => "allocation",
        Op::Realloc => "reallocation",
        Op::Dealloc => "deallocation",
        Op::SystemCall(_) => "blocking-call",
    }
}

/// How bad a finding of a check is.
#[must_use]
pub const fn severity_of(rule: Rule) -> Severity {
    match rule {
        _ if rule.is_failure() => Severity::Error,
        Rule::Varies | Rule::Unmatched => Severity::Warning,
        _ => Severity::Note,
    }
}

fn of_line(view: &View<'_>, index: usize) -> Item {
    let line = &view.lines[index];
    Item {
        rule: rule_of(line.op),
        severity: Severity::Error,
        region: Some(line.region),
        profile: None,
        line: Some(index),
        message: sentence(view, line),
        help: advice(line).collect(),
    }
}

fn of_finding<'a>(view: &'a View<'_>, finding: &'a Finding) -> impl Iterator<Item = Item> + 'a {
    let item = move |line: Option<usize>, message: String| Item {
        rule: finding.rule.id(),
        severity: severity_of(finding.rule),
        region: finding.region,
        profile: if let [profile] = finding.profiles[..] { Some(profile) } else { None },
        line,
        message,
        help: line.and_then(|line| view.lines.get(line)).map_or_else(Vec::new, |line| advice(line).collect()),
    };
    let message = super::source::cut(finding.message.trim(), 1000, " ");
    let alone = finding.lines.is_empty().then(|| item(None, message.clone()));
    let lines = finding.lines.iter().filter_map(move |&index| {
        let line = view.lines.get(index)?;
        Some(item(Some(index), format!("{message} Here: {}", sentence(view, line))))
    });
    alone.into_iter().chain(lines)
}

/// What happens at a line, where, and how often.
#[must_use]
pub fn sentence(view: &View<'_>, line: &Line) -> String {
    let region = view.report.regions.get(line.region);
    let region = region.map(|region| region_name(&region.place)).unwrap_or_default();
    format!("{} in region {region}: {}", what(line), often(view, line).join("; "))
}

/// What a line asks for, and by which call.
#[must_use]
pub fn what(line: &Line) -> String {
    /// Names that are listed.
    const MOST: usize = 4;
    let beneath = inside(line);
    let beneath = if beneath.is_empty() { beneath } else { format!(", in {beneath}") };
    if line.called.is_empty() {
        return format!("{}{beneath}", op::noun(line.op));
    }
    let names: Vec<String> = line.called.iter().take(MOST).map(|name| printable(name)).collect();
    let more = if line.called.len() > MOST { ", .." } else { "" };
    format!("{} by {}{more}{beneath}", op::noun(line.op), names.join(", "))
}

/// How often in each profile.
#[must_use]
pub fn often(view: &View<'_>, line: &Line) -> Vec<String> {
    let profiles = view.report.profiles.iter().enumerate();
    profiles
        .filter_map(|(index, profile)| {
            Some(format!("{}: {}", printable(&profile.name), line_figures(line, index)?))
        })
        .collect()
}

/// What to do instead.
pub fn advice(line: &Line) -> impl Iterator<Item = &'static str> + '_ {
    line.advice.iter().map(|advice| advice.text)
}

impl Item {
    /// What is to say, and what to do instead, in sentences.
    #[must_use]
    pub fn text(&self) -> String {
        let end = if self.line.is_some() { "." } else { "" };
        let help =
            if self.help.is_empty() { String::new() } else { format!(" Help: {}.", self.help.join("; ")) };
        format!("{}{end}{help}", self.message)
    }

    /// How many events it stands for, to tell the important ones.
    #[must_use]
    pub fn weight(&self, view: &View<'_>) -> u64 {
        let line = self.line.and_then(|line| view.lines.get(line));
        let counts = line.into_iter().flat_map(|line| line.counts.iter().flatten());
        counts.fold(0, |sum, counts| sum.saturating_add(counts.estimate))
    }

    /// The file, from the repository's root, and the line in the user's own code: the line's own; failing that, the
    /// region's.
    #[must_use]
    pub fn place(&self, view: &View<'_>, paths: &Paths) -> Option<(String, u32)> {
        let line = self.line.and_then(|line| view.lines.get(line)).and_then(|line| line.at.as_ref());
        let inside =
            |(file, line): (&str, u32)| paths.inside(file).filter(|_| line > 0).map(|path| (path, line));
        line.and_then(|(file, line)| inside((file, *line))).or_else(|| {
            let place = &view.report.regions.get(self.region?)?.place;
            inside((&place.file, place.line))
        })
    }
}

/// The places of the most important items, at most so many, in the items' order.
#[must_use]
pub fn foremost(view: &View<'_>, items: &[&Item], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    if order.len() > most {
        order.sort_by_cached_key(|&index| {
            (items[index].severity, std::cmp::Reverse(items[index].weight(view)), index)
        });
        order.truncate(most);
        order.sort_unstable();
    }
    order
}
