//! The lines of a report: of the user's own code, at which regions were violated.

use std::collections::BTreeMap;

use super::advice::Habits;
use super::called::DROP_OF;
use super::diff::{Presence, presence};
use super::doubts::Doubts;
use super::figures::{Op, PerProfile, Report, SiteCounts};
use super::line::Line;
use super::sited::Sited;
use super::spread::{Entries, Spread};

/// The lines of a report, by region: the user's own before those of libraries, and then by place.
#[must_use]
pub fn lines(report: &Report) -> Vec<Line> {
    let sited: Vec<Sited> = report.sites.iter().map(|site| Sited::in_stack(report, site)).collect();
    let doubts = Doubts::of(report, &sited);
    let habits = Habits::of(report);
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for (index, (site, found)) in report.sites.iter().zip(sited).enumerate() {
        let key = (
            site.region,
            found.at.clone(),
            if found.at.is_some() { String::new() } else { found.function.clone() },
            site.op,
        );
        let line = lines.entry(key).or_insert_with(|| Line {
            region: site.region,
            origin: found.origin,
            at: found.at,
            function: found.function,
            op: site.op,
            called: Vec::new(),
            inside: Vec::new(),
            advice: Vec::new(),
            counts: vec![None; report.profiles.len()],
            entries: Vec::new(),
            mark: String::new(),
            is_different: false,
            sites: Vec::new(),
        });
        line.sites.push(index);
        insert(&mut line.called, found.called);
        insert(&mut line.inside, found.inside);
        for (sum, counts) in line.counts.iter_mut().zip(&site.counts) {
            if let Some(counts) = counts {
                sum.get_or_insert_with(SiteCounts::default).add(counts);
            }
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    for line in &mut lines {
        name_drops_once(&mut line.called);
        line.advice = habits.about(report, &line.sites);
        line.entries = line.entries(report);
    }
    let marks: Vec<(String, bool)> = lines.iter().map(|line| line.marked(report, &lines, &doubts)).collect();
    for (line, (mark, is_different)) in lines.iter_mut().zip(marks) {
        line.mark = mark;
        line.is_different = is_different;
    }
    lines.sort_by_key(|line| (line.region, line.origin));
    lines
}

/// What is dropped is a value with all that it owns: `drop of Vec<Box<u8>>` includes `drop of Box<u8>`, which is what
/// another profile may show of it.
fn name_drops_once(called: &mut Vec<String>) {
    let all = called.clone();
    let dropped = |name: &str| name.strip_prefix(DROP_OF).map(str::to_owned);
    called.retain(|name| match dropped(name) {
        Some(inner) => !all
            .iter()
            .any(|other| other != name && dropped(other).is_some_and(|outer| outer.contains(&inner))),
        None => name != "mem::drop" || !all.iter().any(|other| dropped(other).is_some()),
    });
}

/// Puts something that is not there yet into a sorted list.
fn insert<T: Ord>(list: &mut Vec<T>, new: Option<T>) {
    let Some(new) = new else { return };
    if let Err(place) = list.binary_search(&new) {
        list.insert(place, new);
    }
}

impl Line {
    /// In how many entries of its region it happens.
    fn entries(&self, report: &Report) -> PerProfile<Entries> {
        let region = report.regions.get(self.region);
        let of = |profile: usize| {
            let sites =
                self.sites.iter().filter_map(|&site| report.sites.get(site)?.counts.get(profile)?.as_ref());
            let stacks: Vec<Spread> = sites.map(|counts| counts.spread).collect();
            Entries::of(&region?.counts.get(profile)?.as_ref()?.spread, &stacks)
        };
        (0..report.profiles.len()).map(of).collect()
    }

    /// What differs between profiles, in words, and whether anything does; `lines` are all of the report's, by place.
    fn marked(&self, report: &Report, lines: &[Self], doubts: &Doubts) -> (String, bool) {
        let profiles: Vec<&str> = report.profiles.iter().map(|profile| profile.name.as_str()).collect();
        let counts: Vec<u64> =
            self.counts.iter().map(|counts| counts.map_or(0, |counts| counts.estimate)).collect();
        let found = presence(&profiles, &counts).doubted(doubts.about(report, self));
        let Presence::Only(here) = &found else { return (found.mark(), found.is_difference()) };
        let mark = self.zeroed_elsewhere(&profiles, here, lines).unwrap_or_else(|| {
            if doubts.moved(self) {
                // Optimisers merge lines, and take them apart.
                format!("at this line only in {}", here.join(", "))
            } else {
                found.mark()
            }
        });
        (mark, true)
    }

    /// An optimiser can join an allocation with the zeros that are written to it, or take them apart. Then the profiles
    /// that lack this line have the other one.
    fn zeroed_elsewhere(&self, profiles: &[&str], here: &[String], lines: &[Self]) -> Option<String> {
        let (other, word) = match self.op {
            Op::Alloc => (Op::AllocZeroed, "zeroed"),
            Op::AllocZeroed => (Op::Alloc, "not zeroed"),
            Op::Realloc | Op::Dealloc | Op::SystemCall(_) => return None,
        };
        self.at.as_ref()?;
        // Lines with a place are in the order of these three.
        let wanted = (self.region, &self.at, other);
        let twin = lines.binary_search_by(|line| (line.region, &line.at, line.op).cmp(&wanted)).ok()?;
        let counts = profiles.iter().zip(&lines.get(twin)?.counts);
        let there: Vec<&str> = counts
            .filter(|(name, counts)| counts.is_some() && !here.iter().any(|here| here == *name))
            .map(|(name, _)| *name)
            .collect();
        (!there.is_empty()).then(|| format!("in {}: {word}", there.join(", ")))
    }
}

/// What makes a line: region, place, function where there is no place, operation.
type Key = (usize, Option<(String, u32)>, String, Op);

#[cfg(test)]
mod tests {
    use super::super::figures::{Frame, Report, Site, VERSION};
    use super::*;
    use qadapt_code::origin::Origin;

    fn frame(function: &str, line: u32, origin: Origin) -> Frame {
        Frame { function: function.into(), file: Some(format!("{function}.rs")), line, column: 1, origin }
    }

    fn report(frames: Vec<Frame>, stacks: &[&[u32]]) -> Report {
        let mut report = Report { version: VERSION, frames, ..Report::default() };
        report.profile("debug");
        let counts =
            SiteCounts { count: 1, estimate: 1, bytes: 8, largest: 8, align: 8, ..SiteCounts::default() };
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

    /// Whatever the files are called.
    #[test]
    fn the_users_lines_come_before_those_of_libraries() {
        let frames = vec![
            frame("a_start", 1, Origin::Internal),
            frame("b_library", 2, Origin::Dependency),
            frame("c_mine", 3, Origin::Own),
            frame("d_mine", 4, Origin::Own),
        ];
        let found = lines(&report(frames, &[&[0], &[0, 1], &[0, 1, 2], &[0, 3], &[]]));
        let told: Vec<(&str, Origin)> =
            found.iter().map(|line| (line.function.as_str(), line.origin)).collect();
        assert_eq!(
            told,
            [
                ("(its stack was lost)", Origin::Own),
                ("c_mine", Origin::Own),
                ("d_mine", Origin::Own),
                ("b_library", Origin::Dependency),
                ("a_start", Origin::Internal)
            ]
        );
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
        assert_eq!(marks, ["in release: zeroed", "in debug: not zeroed"]);
        assert!(found.iter().all(|line| line.is_different));
    }

    /// A report of two profiles with one region, and the lines of sites with these stacks and events in each.
    fn compared(frames: Vec<Frame>, sites: &[(&[u32], [u64; 2])], unsampled: [u64; 2]) -> Vec<Line> {
        let mut report = report(frames, &[]);
        report.profile("release");
        for (profile, unsampled) in report.profiles.iter_mut().zip(unsampled) {
            profile.unsampled = unsampled;
        }
        let counts = |estimate: u64| {
            (estimate > 0).then_some(SiteCounts { count: estimate, estimate, ..SiteCounts::default() })
        };
        report.sites = sites
            .iter()
            .map(|(stack, events)| Site {
                region: 0,
                op: Op::Alloc,
                stack: stack.to_vec(),
                counts: events.iter().map(|&events| counts(events)).collect(),
            })
            .collect();
        lines(&report)
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        let own = |line| frame("mine", line, Origin::Own);
        let gap = Frame::gap(7);
        let blind = Frame { file: None, ..frame("mine::blind", 0, Origin::Own) };
        let mark = |frames: Vec<Frame>, sites: &[(&[u32], [u64; 2])], unsampled| -> Vec<String> {
            compared(frames, sites, unsampled).into_iter().map(|line| line.mark).collect()
        };
        let none = [0, 0];
        let two = || vec![own(1), own(2)];
        assert_eq!(mark(two(), &[(&[0], [3, 0])], none), ["only in debug: optimised away"]);
        assert_eq!(
            mark(two(), &[(&[0], [3, 0])], [0, 9]),
            ["seen in debug; not compared: stacks are sampled"]
        );
        assert_eq!(
            mark(two(), &[(&[0], [3, 4])], [9, 0]),
            ["both; how often is not compared: stacks are sampled"]
        );
        // Each of the events could be any line's.
        let cut = mark(vec![own(1), gap.clone(), own(2)], &[(&[0], [3, 0]), (&[1, 2], [0, 3])], none);
        assert_eq!(
            cut,
            ["seen in debug; not compared: stacks are cut", "seen in release; not compared: stacks are cut"]
        );
        let blind = mark(vec![own(1), blind, own(2)], &[(&[0], [3, 0]), (&[1, 2], [0, 3])], none);
        assert!(blind.iter().all(|mark| mark.ends_with("not compared: no debug information")), "{blind:?}");
        let lost = mark(two(), &[(&[0], [3, 0]), (&[], [0, 3])], none);
        assert!(lost.iter().all(|mark| mark.ends_with("not compared: stacks are cut")), "{lost:?}");
        // A cut further out than the user's own line leaves that as it is.
        assert_eq!(mark(vec![own(1), gap], &[(&[0, 1], [3, 3])], none), ["both"]);
    }

    #[test]
    fn what_happens_at_another_line_is_not_optimised_away() {
        let own = |line| frame("mine", line, Origin::Own);
        let marks = |sites: &[(&[u32], [u64; 2])]| -> Vec<String> {
            compared(vec![own(1), own(2)], sites, [0, 0]).into_iter().map(|line| line.mark).collect()
        };
        assert_eq!(
            marks(&[(&[0], [3, 0]), (&[1], [0, 3])]),
            ["at this line only in debug", "at this line only in release"]
        );
        assert_eq!(marks(&[(&[0], [3, 0]), (&[1], [2, 2])]), ["only in debug: optimised away", "both"]);
        assert_eq!(marks(&[(&[0], [0, 3]), (&[1], [2, 2])]), ["only in release", "both"]);
    }

    #[test]
    fn a_wrapper_stands_for_its_caller_and_is_named_beside_it() {
        let frames = vec![
            frame("push", 1, Origin::Internal),
            frame("my_push", 2, Origin::Wrapper),
            frame("mine", 3, Origin::Own),
            Frame {
                file: Some("/u/registry/src/index-1/bytes-1.0.0/src/buf.rs".into()),
                ..frame("put", 4, Origin::Dependency)
            },
        ];
        let found = lines(&report(frames, &[&[0, 1, 2], &[0, 3, 2], &[0, 1]]));
        let at = |index: usize| found[index].at.as_ref().map(|(file, line)| (file.as_str(), *line));
        assert_eq!((found.len(), at(0), at(1)), (2, Some(("mine.rs", 3)), Some(("my_push.rs", 2))));
        assert_eq!(found[0].inside, ["bytes-1.0.0/src/buf.rs:4", "my_push.rs:2"]);
        assert!(found[1].inside.is_empty(), "nothing but the wrapper is there");
    }

    #[test]
    fn an_allocator_round_the_guard_is_no_site() {
        let library = |function: &str, file: &str| Frame {
            file: Some(format!("/rustc/0/library/alloc/src/{file}")),
            ..frame(function, 1, Origin::Internal)
        };
        let frames = vec![
            frame("<tap::Tap as GlobalAlloc>::alloc", 7, Origin::Own),
            frame("__rustc::__rust_alloc", 1, Origin::Internal),
            library("alloc", "alloc.rs"),
            library("push", "vec/mod.rs"),
            frame("mine", 3, Origin::Own),
            frame("__rust_begin_short_backtrace<fn(), ()>", 9, Origin::Internal),
            library("grow_one", "raw_vec/mod.rs"),
        ];
        // An entry, std's call of it, what is left where calls were joined; and none.
        let stacks: [&[u32]; 4] = [&[0, 1, 3, 4, 5], &[0, 2, 3, 4, 5], &[0, 6, 3, 4, 5], &[0, 4, 5]];
        let found = lines(&report(frames, &stacks));
        // Where the program calls the allocator by name, that is its own line.
        let told: Vec<_> = found
            .iter()
            .map(|line| {
                (line.at.as_ref().map(|(_, line)| *line), line.sites.as_slice(), line.called.as_slice())
            })
            .collect();
        assert_eq!(told, [(Some(7), &[3][..], &[][..]), (Some(3), &[0, 1, 2], &["vec::push".to_owned()])]);
    }

    #[test]
    fn a_drop_is_named_once() {
        for (called, expected) in [
            (&["drop of Box<u8>", "drop of Vec<Box<u8>>"][..], &["drop of Vec<Box<u8>>"][..]),
            (&["drop of Box<u8>", "mem::drop"], &["drop of Box<u8>"]),
            (&["drop of Box<u8>", "drop of String"], &["drop of Box<u8>", "drop of String"]),
            (&["mem::drop", "vec::clear"], &["mem::drop", "vec::clear"]),
        ] {
            let mut named: Vec<String> = called.iter().map(|&name| name.to_owned()).collect();
            name_drops_once(&mut named);
            assert_eq!(named, expected);
        }
        let library = |function: &str, file: &str| Frame {
            file: Some(format!("/rustc/0/library/core/src/{file}")),
            ..frame(function, 1, Origin::Internal)
        };
        let frames = vec![
            library("core::ptr::drop_in_place<alloc::boxed::Box<u8>>", "ptr/mod.rs"),
            library("core::mem::drop", "mem/mod.rs"),
            frame("mine", 3, Origin::Own),
        ];
        let found = lines(&report(frames, &[&[0, 1, 2], &[0, 2]]));
        assert_eq!(found[0].called, ["drop of Box<u8>"]);
    }

    #[test]
    fn without_own_code_a_dependency_is_the_site_and_without_that_anything() {
        let frames = vec![frame("push", 1, Origin::Internal), frame("library", 2, Origin::Dependency)];
        let found = lines(&report(frames, &[&[0, 1], &[0], &[]]));
        let functions: Vec<&str> = found.iter().map(|line| line.function.as_str()).collect();
        assert_eq!(functions, ["(its stack was lost)", "library", "push"]);
    }
}
