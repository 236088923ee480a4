//! The report for people.

use std::fmt::Write as _;

use qadapt_code::origin::Origin;

use super::counted::counted;
use super::findings::findings;
use super::line::{Shown, site};
use super::source::{Sources, opening, printable};
use super::style::{BAD, DIFFERENT, FAINT, HEADING, paint};
use super::view::View;
use crate::report::diff::{Presence, presence};
use crate::report::figures::{By, Counts, Region, RegionKind, RegionPlace, Report};
use crate::report::spread::Entries;

/// The report as text, with styles.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let report = view.report;
    let mut out = String::new();
    if let Some(outcome) = &view.outcome {
        findings(&mut out, view, outcome);
        out.push('\n');
        suppressions(&mut out, view);
        summary(&mut out, view);
        return out;
    }
    table(&mut out, report);
    if !view.lines.is_empty() {
        out.push('\n');
        sites(&mut out, view, &mut Sources::below(view.root));
    }
    out.push('\n');
    suppressions(&mut out, view);
    summary(&mut out, view);
    out
}

/// A region in words.
#[must_use]
pub fn region_name(place: &RegionPlace) -> String {
    let name = place.name.as_deref().map(printable);
    let region = match (place.kind, name) {
        (RegionKind::WholeProgram, name) => name.unwrap_or_else(|| "the whole program".to_owned()),
        (_, Some(name)) => format!("{name} ({}:{})", printable(&place.file), place.line),
        (_, None) => format!("{}:{}", printable(&place.file), place.line),
    };
    match &place.by {
        Some(By::Test(test)) => format!("{region} in test {}", printable(test)),
        Some(By::Thread(name)) if name.is_empty() => format!("{region} on threads without a name"),
        Some(By::Thread(name)) => format!("{region} on thread {}", printable(name)),
        None => region,
    }
}

fn profile_names(report: &Report) -> Vec<String> {
    report.profiles.iter().map(|profile| opening(&printable(&profile.name), "profile")).collect()
}

const HEADS: [&str; 9] =
    ["profile", "calls", "allocs", "reallocs", "deallocs", "failed", "bytes", "peak_bytes", "disallowed"];

fn table(out: &mut String, report: &Report) {
    let profiles = profile_names(report);
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let mut rows: Vec<(bool, Vec<String>)> = Vec::new();
    for region in &report.regions {
        rows.extend(profiles.iter().enumerate().map(|(index, profile)| cells(profile, region, index)));
    }
    let mut widths = HEADS.map(str::len);
    for (_, cells) in &rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let mut text = String::from(" ");
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if index == 0 {
                let _ = write!(text, " {cell:<width$}");
            } else {
                let _ = write!(text, "  {cell:>width$}");
            }
        }
        // What has no head.
        for cell in cells.iter().skip(HEADS.len()) {
            let _ = write!(text, "  {cell}");
        }
        text
    };
    let heads: Vec<String> = HEADS.iter().map(|&head| head.to_owned()).collect();
    let _ = writeln!(out, "{}", paint(HEADING, "Regions"));
    let _ = writeln!(out, "{}", paint(FAINT, &line(&heads)));
    let mut rows = rows.into_iter();
    for region in &report.regions {
        let _ = write!(out, "{}", opening(&region_name(&region.place), "region"));
        let mark = region_mark(&profiles, region);
        if !mark.is_empty() {
            let _ = write!(out, "  [{}]", paint(DIFFERENT, &mark));
        }
        out.push('\n');
        for (is_bad, cells) in rows.by_ref().take(profiles.len()) {
            let text = line(&cells);
            let _ = writeln!(out, "{}", if is_bad { paint(BAD, &text) } else { text });
        }
        for (profile, counts) in profiles.iter().zip(&region.counts) {
            let spread =
                counts.as_ref().map(|counts| &counts.spread).filter(|spread| spread.with_events() > 0);
            if let Some(words) = spread.and_then(Entries::of_region).and_then(|entries| entries.words()) {
                let _ = writeln!(out, "  {profile}: events {words}");
            }
            if let Some(words) = counts.as_ref().and_then(Counts::waits_in_words) {
                let _ = writeln!(out, "  {profile}: {words}");
            }
        }
    }
}

/// One row, and whether something in it is disallowed.
fn cells(profile: &str, region: &Region, index: usize) -> (bool, Vec<String>) {
    let mut cells = vec![profile.to_owned()];
    let Some(Some(counts)) = region.counts.get(index) else {
        cells.push("not entered".to_owned());
        return (false, cells);
    };
    let figures = [
        counts.calls,
        counts.allocs,
        counts.reallocs,
        counts.deallocs,
        counts.failed,
        counts.bytes,
        counts.peak_bytes,
        counts.disallowed,
    ];
    cells.extend(figures.iter().map(u64::to_string));
    if counts.permitted > 0 {
        cells.push(format!("+ {} permitted", counts.permitted));
    }
    (counts.disallowed > 0, cells)
}

/// Where a region's requests happen; if it has none anywhere, where it was entered.
fn region_mark(profiles: &[&str], region: &Region) -> String {
    let figure = |of: fn(&Counts) -> u64| -> Vec<u64> {
        region.counts.iter().map(|counts| counts.as_ref().map_or(0, of)).collect()
    };
    match presence(profiles, &figure(Counts::requests)) {
        Presence::Nothing => match presence(profiles, &figure(|counts| counts.calls)) {
            Presence::Only(profiles) => format!("entered only in {}", profiles.join(", ")),
            _ => String::new(),
        },
        found => found.mark(),
    }
}

/// What is not among the sites, and why.
fn suppressions(out: &mut String, view: &View<'_>) {
    for suppressed in &view.suppressed {
        let profiles = view.report.profiles.iter().zip(&suppressed.events).filter(|(_, events)| **events > 0);
        let events: Vec<String> =
            profiles.map(|(profile, events)| format!("{events} in {}", printable(&profile.name))).collect();
        let _ = writeln!(
            out,
            "suppressed by qadapt.toml: events of {}: {}: {}",
            printable(&suppressed.what),
            events.join(", "),
            printable(&suppressed.reason)
        );
    }
}

fn sites(out: &mut String, view: &View<'_>, sources: &mut Sources) {
    let View { report, lines, .. } = view;
    let profiles = Shown::of(report.profiles.iter(), view.says_lives);
    let _ = writeln!(out, "{}", paint(HEADING, "Sites"));
    let mut shown: Option<(usize, bool)> = None;
    for line in lines {
        let is_runtimes = line.origin == Origin::Internal;
        if shown != Some((line.region, is_runtimes)) {
            let place = report.regions.get(line.region).map(|region| region_name(&region.place));
            let apart = if is_runtimes {
                ", by the standard library itself, before and after the program's code"
            } else {
                ""
            };
            let _ = writeln!(out, "in {}{apart}", place.unwrap_or_default());
            shown = Some((line.region, is_runtimes));
        }
        site(out, &profiles, line, sources);
    }
}

fn summary(out: &mut String, view: &View<'_>) {
    let report = view.report;
    if let Some(words) = report.left_out.words() {
        let _ = writeln!(out, "{words}");
    }
    for (profile, name) in report.profiles.iter().zip(profile_names(report)) {
        let processes = match profile.processes {
            1 => "1 process".to_owned(),
            many => format!("{many} processes"),
        };
        let events = counted(profile.events, "event");
        let _ = writeln!(out, "{name}: {processes}, {events} in regions, {} disallowed", profile.disallowed);
        if let Some(words) = profile.live.and_then(|live| live.words_if(view.says_lives)) {
            let _ = writeln!(out, "    {words}");
        }
        if profile.unsampled > 0 {
            let _ = writeln!(
                out,
                "    stacks of {} disallowed events were left out: beyond 10000 in a second of processor time they are \
                 sampled. Region counts are exact; site counts are estimates, with the error that 19 of 20 keep.",
                profile.unsampled
            );
        }
        if profile.lost > 0 {
            let _ = writeln!(
                out,
                "    {} regions, stacks or sites were lost: a trace has room for 16384, 16384 and 32768, if its disk has",
                profile.lost
            );
        }
        if profile.cut_short > 0 {
            let _ = writeln!(
                out,
                "    {} of the processes ended without exit handlers, as by `_exit`, `exec`, an abort or a signal; what they did \
                 until then is counted",
                profile.cut_short
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::figures::VERSION;

    fn region(name: Option<&str>, kind: RegionKind) -> RegionPlace {
        RegionPlace {
            file: "src/main.rs".into(),
            line: 3,
            column: 1,
            name: name.map(str::to_owned),
            kind,
            by: None,
        }
    }

    #[test]
    fn regions_are_named() {
        assert_eq!(region_name(&region(None, RegionKind::Plain)), "src/main.rs:3");
        assert_eq!(region_name(&region(Some("tick"), RegionKind::Guard)), "tick (src/main.rs:3)");
        assert_eq!(region_name(&region(Some("a\u{1b}"), RegionKind::WholeProgram)), "a\u{FFFD}");
    }

    #[test]
    fn what_was_permitted_is_told() {
        let mut report = Report { version: VERSION, ..Report::default() };
        report.profile("debug");
        let counts = Counts { calls: 1, permitted: 3, ..Counts::default() };
        report.regions = vec![Region { place: region(None, RegionKind::Plain), counts: vec![Some(counts)] }];
        let shown = anstream::adapter::strip_str(&text(&View::new(&report, Path::new("/")))).to_string();
        assert!(shown.contains("  + 3 permitted\n"), "{shown}");
    }

    #[test]
    fn a_region_that_one_profile_never_enters_is_marked() {
        let mut report = Report { version: VERSION, ..Report::default() };
        report.profile("debug");
        report.profile("release");
        let counts = Counts { calls: 2, ..Counts::default() };
        report.regions =
            vec![Region { place: region(None, RegionKind::Plain), counts: vec![Some(counts), None] }];
        let shown = anstream::adapter::strip_str(&text(&View::new(&report, Path::new("/")))).to_string();
        assert!(shown.contains("src/main.rs:3  [entered only in debug]"), "{shown}");
        assert!(shown.contains("release  not entered"), "{shown}");
    }
}
