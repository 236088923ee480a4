//! Sites: the lines of the user's own code at which regions were violated.

use std::collections::BTreeMap;

use super::advice::{Advice, advice};
use super::called::called;
use super::diff::{Presence, presence};
use super::figures::{Frame, Op, Origin, PerProfile, Report, Site, SiteCounts};
use super::origin::is_guards;

/// A line of code and what it asked of the allocator inside one region, over all stacks that lead there.
#[derive(Clone, Debug)]
pub struct Line {
    /// The region's place in the report.
    pub region: usize,
    /// The file and line; none where no stack or no debug information is there.
    pub at: Option<(String, u32)>,
    /// The function that the line is in.
    pub function: String,
    /// What was asked.
    pub op: Op,
    /// What the line calls that asks for it.
    pub called: Vec<String>,
    /// What to do instead: a piece for each habit that the stacks show, the most frequent one first.
    pub advice: Vec<Advice>,
    /// For each profile; none where it did not happen.
    pub counts: PerProfile<SiteCounts>,
    /// What differs between profiles, in words.
    pub mark: String,
    /// The stacks that lead there, as places in the report's sites.
    pub sites: Vec<usize>,
}

/// The lines of a report, by region, then by place.
#[must_use]
pub fn lines(report: &Report) -> Vec<Line> {
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for (index, site) in report.sites.iter().enumerate() {
        let found = Found::in_stack(report, site);
        let key = (
            site.region,
            found.at.clone(),
            if found.at.is_some() { String::new() } else { found.function.clone() },
            site.op,
        );
        let line = lines.entry(key).or_insert_with(|| Line {
            region: site.region,
            at: found.at,
            function: found.function,
            op: site.op,
            called: Vec::new(),
            advice: Vec::new(),
            counts: vec![None; report.profiles.len()],
            mark: String::new(),
            sites: Vec::new(),
        });
        line.sites.push(index);
        if let Some(called) = found.called.filter(|called| !line.called.contains(called)) {
            line.called.push(called);
            line.called.sort();
        }
        for (sum, counts) in line.counts.iter_mut().zip(&site.counts) {
            if let Some(counts) = counts {
                sum.get_or_insert_with(SiteCounts::default).add(counts);
            }
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    for line in &mut lines {
        line.advice = habits(report, &line.sites);
    }
    let marks: Vec<String> = lines.iter().map(|line| line.marked(report, &lines)).collect();
    for (line, mark) in lines.iter_mut().zip(marks) {
        line.mark = mark;
    }
    lines
}

/// The advice for some sites, each piece once, that for the most events first.
fn habits(report: &Report, sites: &[usize]) -> Vec<Advice> {
    let mut habits: BTreeMap<Advice, u64> = BTreeMap::new();
    for site in sites.iter().filter_map(|&site| report.sites.get(site)) {
        if let Some(advice) = advice(report, site) {
            let sum = habits.entry(advice).or_default();
            *sum = site.counts.iter().flatten().fold(*sum, |sum, counts| sum.saturating_add(counts.estimate));
        }
    }
    let mut habits: Vec<(Advice, u64)> = habits.into_iter().collect();
    habits.sort_by_key(|&(_, events)| std::cmp::Reverse(events));
    habits.into_iter().map(|(advice, _)| advice).collect()
}

impl Line {
    /// What differs between profiles; `lines` are all of the report's.
    fn marked(&self, report: &Report, lines: &[Self]) -> String {
        let profiles: Vec<&str> = report.profiles.iter().map(|profile| profile.name.as_str()).collect();
        let counts: Vec<u64> =
            self.counts.iter().map(|counts| counts.map_or(0, |counts| counts.estimate)).collect();
        let found = presence(&profiles, &counts);
        // An optimiser can join an allocation with the zeros that are written to it, or take them apart.
        let (other, word) = match self.op {
            Op::Alloc => (Op::AllocZeroed, "zeroed"),
            Op::AllocZeroed => (Op::Alloc, "not zeroed"),
            Op::Realloc | Op::Dealloc => return found.mark(),
        };
        let Presence::Only(here) = &found else { return found.mark() };
        // Lines with a place are in the order of these three.
        let wanted = (self.region, &self.at, other);
        let twin = lines.binary_search_by(|line| (line.region, &line.at, line.op).cmp(&wanted));
        let twin = twin.ok().map(|index| &lines[index]);
        let there: Vec<&str> = match twin {
            Some(twin) if self.at.is_some() => profiles
                .into_iter()
                .zip(&twin.counts)
                .filter(|(_, counts)| counts.is_some())
                .map(|(name, _)| name)
                .collect(),
            _ => return found.mark(),
        };
        format!("only in {}: {word} in {}", here.join(", "), there.join(", "))
    }
}

/// What makes a line: region, place, function where there is no place, operation.
type Key = (usize, Option<(String, u32)>, String, Op);

/// In a stack of the standard library alone: the first frame past the allocator's glue.
fn bare_library(frames: &[&Frame]) -> Option<usize> {
    let past = frames.iter().position(|frame| {
        let file = frame.file.as_deref().unwrap_or_default();
        !is_guards(file, &frame.function) && !file.ends_with("alloc/src/alloc.rs")
    });
    past.or((!frames.is_empty()).then_some(0))
}

struct Found {
    at: Option<(String, u32)>,
    function: String,
    called: Option<String>,
}

impl Found {
    /// The first frame of the user's own code; failing that, of a dependency; failing that, the innermost one.
    fn in_stack(report: &Report, site: &Site) -> Self {
        let frames: Vec<&Frame> =
            site.stack.iter().filter_map(|&frame| report.frames.get(frame as usize)).collect();
        let of = |origin| frames.iter().position(|frame| frame.origin == origin && frame.line > 0);
        let Some(index) =
            of(Origin::Own).or_else(|| of(Origin::Dependency)).or_else(|| bare_library(&frames))
        else {
            return Self { at: None, function: "(its stack was lost)".to_owned(), called: None };
        };
        let frame = frames[index];
        Self {
            at: frame.file.clone().filter(|_| frame.line > 0).map(|file| (file, frame.line)),
            function: frame.function.clone(),
            called: index.checked_sub(1).and_then(|callee| outermost(&frames[..=callee])),
        }
    }
}

/// What the user's code called: the outermost of the inner frames, unless that is glue.
fn outermost(inner: &[&Frame]) -> Option<String> {
    let is_glue = |name: &str| {
        name.starts_with("core::ops::function") || name.contains("qadapt::") || name.starts_with("__r")
    };
    inner.iter().rev().find(|frame| !is_glue(&frame.function)).map(|frame| called(frame))
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Report, VERSION};
    use super::*;

    fn frame(function: &str, line: u32, origin: Origin) -> Frame {
        Frame { function: function.into(), file: Some(format!("{function}.rs")), line, column: 1, origin }
    }

    fn report(frames: Vec<Frame>, stacks: &[&[u32]]) -> Report {
        let mut report = Report { version: VERSION, frames, ..Report::default() };
        report.profile("debug");
        let counts = SiteCounts { count: 1, estimate: 1, bytes: 8, largest: 8, align: 8 };
        report.sites = stacks
            .iter()
            .map(|stack| Site { region: 0, op: Op::Alloc, stack: stack.to_vec(), counts: vec![Some(counts)] })
            .collect();
        report
    }

    #[test]
    fn the_first_own_line_is_the_site() {
        let frames = vec![
            frame("push", 1, Origin::Internal),
            frame("library", 2, Origin::Dependency),
            frame("mine", 3, Origin::Own),
            frame("main", 4, Origin::Own),
        ];
        let lines = lines(&report(frames, &[&[0, 1, 2, 3], &[0, 2, 3]]));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].at, Some(("mine.rs".to_owned(), 3)));
        assert_eq!(lines[0].called, ["library", "push"]);
        assert_eq!(lines[0].sites, [0, 1]);
        assert_eq!(lines[0].counts[0].expect("it happened").count, 2);
    }

    #[test]
    fn each_habit_is_advised_on_once_the_most_frequent_first() {
        let frames = vec![
            frame("alloc::vec::Vec<T,A>::push", 1, Origin::Internal),
            frame("alloc::boxed::Box<T>::new", 2, Origin::Internal),
            frame("mine", 3, Origin::Own),
            frame("main", 4, Origin::Own),
            frame("test", 5, Origin::Own),
        ];
        let lines = lines(&report(frames, &[&[1, 2], &[0, 2], &[0, 2, 3], &[1, 2, 3, 4], &[0, 2, 4]]));
        let ids: Vec<&str> = lines[0].advice.iter().map(|advice| advice.id).collect();
        assert_eq!((lines.len(), ids), (1, vec!["vec-first-push", "box-new"]));
    }

    #[test]
    fn memory_that_is_zeroed_in_one_profile_is_not_optimised_away() {
        let mut report = report(vec![frame("mine", 1, Origin::Own)], &[&[0], &[0]]);
        report.profile("release");
        report.sites[1].op = Op::AllocZeroed;
        report.sites[1].counts.insert(0, None);
        report.pad();
        let found = lines(&report);
        let marks: Vec<&str> = found.iter().map(|line| line.mark.as_str()).collect();
        assert_eq!(marks, ["only in debug: zeroed in release", "only in release: not zeroed in debug"]);
        assert_eq!(found[0].marked(&report, &found[..1]), "only in debug: optimised away");
    }

    #[test]
    fn without_own_code_a_dependency_is_the_site_and_without_that_anything() {
        let frames = vec![frame("push", 1, Origin::Internal), frame("library", 2, Origin::Dependency)];
        let found = lines(&report(frames, &[&[0, 1], &[0], &[]]));
        let functions: Vec<&str> = found.iter().map(|line| line.function.as_str()).collect();
        assert_eq!(functions, ["(its stack was lost)", "library", "push"]);
    }
}
