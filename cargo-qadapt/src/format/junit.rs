//! `JUnit` XML: a suite for each profile, a case for each region.

use std::collections::HashMap;
use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::counted::counted;
use super::item::{Severity, advice, severity_of, what};
use super::line::line_figures;
use super::source::{cut, printable};
use super::text::region_name;
use super::view::View;
use crate::error::{Error, Result};
use crate::report::figures::{Counts, Region};
use crate::report::outcome::Finding;
use crate::report::spread::Entries;

/// Lines that a case lists.
const LISTED: usize = 100;

/// What is said where the command ends with 2.
const MISSING: &str =
    "something is missing in these figures, so that nothing has passed: standard error says what";

/// The report as `JUnit` XML.
///
/// # Errors
/// If the XML cannot be written.
pub fn junit(view: &View<'_>) -> Result<Vec<u8>> {
    let mut report = Report::new("cargo qadapt");
    for (profile, figures) in view.report.profiles.iter().enumerate() {
        let mut suite = TestSuite::new(printable(&figures.name));
        suite.add_test_cases(cases(view, profile));
        report.add_test_suite(suite);
    }
    let nowhere: Vec<&Finding> = findings(view)
        .filter(|finding| finding.region.is_none_or(|r| r >= view.report.regions.len()))
        .collect();
    if !nowhere.is_empty() {
        let mut suite = TestSuite::new("check");
        let mut names = Names::default();
        suite.add_test_cases(nowhere.into_iter().map(|finding| {
            let mut case = TestCase::new(names.fresh(finding.rule.id()), TestCaseStatus::success());
            say(&mut case, &[finding], "");
            case
        }));
        report.add_test_suite(suite);
    }
    if !view.is_whole {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(MISSING).set_type("not-whole").set_description(MISSING);
        let mut suite = TestSuite::new("whole");
        suite.add_test_case(TestCase::new("the figures are whole", status));
        report.add_test_suite(suite);
    }
    let mut xml = Vec::new();
    report.serialize(&mut xml).map_err(Error::write("write JUnit XML"))?;
    Ok(xml)
}

/// One case for each region of a profile.
fn cases(view: &View<'_>, profile: usize) -> Vec<TestCase> {
    let mut names = Names::default();
    let lists = lists(view, profile);
    let mut found: HashMap<usize, Vec<&Finding>> = HashMap::new();
    for finding in findings(view).filter(|finding| finding.is_of(profile)) {
        found.entry(finding.region.unwrap_or(usize::MAX)).or_default().push(finding);
    }
    let regions = view.report.regions.iter().enumerate();
    let cases = regions.map(|(index, region)| {
        let mut case = TestCase::new(names.fresh(&region_name(&region.place)), TestCaseStatus::success());
        case.set_classname(printable(&region.place.file));
        if region.place.line > 0 {
            case.extra.insert("file".into(), printable(&region.place.file).into());
            case.extra.insert("line".into(), region.place.line.to_string().into());
        }
        let list = lists.get(&index).map(String::as_str).unwrap_or_default();
        let findings = found.get(&index).map(Vec::as_slice).unwrap_or_default();
        if view.outcome.is_some() {
            say(&mut case, findings, list);
        } else {
            judge(&mut case, region, profile, list);
        }
        if region.counts.get(profile).is_none_or(Option::is_none) && findings.is_empty() {
            case.status = TestCaseStatus::skipped();
            case.status.set_message("not entered in this profile");
        }
        case
    });
    cases.collect()
}

/// In an audit: a region fails where something in it was disallowed.
fn judge(case: &mut TestCase, region: &Region, profile: usize, list: &str) {
    let Some(Some(counts)) = region.counts.get(profile) else { return };
    case.set_system_out(in_words(counts));
    if counts.disallowed > 0 {
        let message = format!("{}: {}", counted(counts.disallowed, "disallowed event"), in_words(counts));
        fail(case, &message, "disallowed", list);
    } else if counts.unwatched > 0 {
        fail(case, &in_words(counts), "unmeasured", list);
    }
}

/// In a check: a region fails where a finding says so; others are printed.
fn say(case: &mut TestCase, findings: &[&Finding], list: &str) {
    let text = |findings: Vec<&&Finding>| -> Vec<String> {
        findings.into_iter().map(|finding| cut(finding.message.trim(), 1000, " ")).collect()
    };
    let (bad, other): (Vec<&&Finding>, Vec<&&Finding>) =
        findings.iter().partition(|finding| severity_of(finding.rule) == Severity::Error);
    if let Some(first) = bad.first() {
        let rule = first.rule.id();
        fail(case, &text(bad).join(" "), rule, list);
    }
    if !other.is_empty() {
        case.set_system_out(text(other).join("\n"));
    }
}

fn fail(case: &mut TestCase, message: &str, kind: &str, list: &str) {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_type(kind).set_description(format!("{message}\n{list}"));
    case.status = status;
}

/// For each region its lines in one profile; of a check's those that its findings name.
fn lists(view: &View<'_>, profile: usize) -> HashMap<usize, String> {
    let named: Vec<usize> = match &view.outcome {
        Some(_) => {
            let failures = findings(view).filter(|finding| finding.rule.is_failure());
            let mut named: Vec<usize> = failures.flat_map(|finding| finding.lines.iter().copied()).collect();
            named.sort_unstable();
            named.dedup();
            named
        }
        None => (0..view.lines.len()).collect(),
    };
    let mut lists: HashMap<usize, (usize, String)> = HashMap::new();
    for line in named.into_iter().filter_map(|index| view.lines.get(index)) {
        let Some(figures) = line_figures(line, profile) else { continue };
        let (length, list) = lists.entry(line.region).or_default();
        *length += 1;
        if *length <= LISTED {
            let place = match &line.at {
                Some((file, number)) => format!("{}:{number}", printable(file)),
                None => printable(&line.function),
            };
            let _ = writeln!(list, "at {place}: {}: {figures}", what(line));
            for text in advice(line) {
                let _ = writeln!(list, "    help: {text}");
            }
        }
    }
    lists
        .into_iter()
        .map(|(region, (length, mut list))| {
            if let Some(more) = length.checked_sub(LISTED).filter(|&more| more > 0) {
                let _ = writeln!(list, "and {more} more lines");
            }
            (region, list)
        })
        .collect()
}

fn in_words(counts: &Counts) -> String {
    let entries = Entries::of_region(&counts.spread).and_then(|entries| entries.words());
    let entries = entries.map_or_else(String::new, |words| format!(", events {words}"));
    let waits = counts.waits_in_words().map_or_else(String::new, |words| format!(", {words}"));
    format!(
        "{}, {}, {}, {}, {} failed, {}, {}{waits}{entries}",
        counted(counts.calls, "call"),
        counted(counts.allocs, "allocation"),
        counted(counts.reallocs, "reallocation"),
        counted(counts.deallocs, "deallocation"),
        counts.failed,
        counted(counts.bytes, "byte"),
        counted(counts.peak_bytes, "peak byte")
    )
}

fn findings<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a Finding> {
    view.outcome.iter().flat_map(|outcome| &outcome.findings)
}

/// Names of cases, each once: services take two of one name for one.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn fresh(&mut self, name: &str) -> String {
        let used = self.0.entry(name.to_owned()).or_default();
        *used += 1;
        if *used == 1 { name.to_owned() } else { format!("{name} #{used}") }
    }
}
