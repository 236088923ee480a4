//! What is missing in a report, of which its figures do not tell.

use qadapt_code::origin::Origin;

use crate::format::text::region_name;
use crate::report::figures::{Report, Site};
use crate::report::suppress::Removed;

/// Why this is no audit, if it is none.
#[must_use]
pub fn nothing_audited(report: &Report, whole_program: bool) -> Option<String> {
    if report.profiles.iter().all(|profile| profile.processes == 0) {
        return Some("nothing was audited: there is no trace".to_owned());
    }
    if report.profiles.iter().all(|profile| profile.without_allocator == profile.processes) {
        return Some(
            "nothing was audited: the program links qadapt, but its global allocator is another one. Add to its \
             main file (for a test: to the test's file)\n\n    #[global_allocator]\n    static ALLOC: \
             qadapt::QADAPT = qadapt::QADAPT;\n"
                .to_owned(),
        );
    }
    let entered =
        report.regions.iter().flat_map(|region| &region.counts).flatten().any(|counts| counts.calls > 0);
    if !entered && report.profiles.iter().any(|profile| profile.lost > 0) {
        return Some(
            "nothing was audited: the traces had no room for the regions that were entered".to_owned(),
        );
    }
    (!entered && !whole_program).then(|| {
        "nothing was audited: the program entered no protected region. Mark code with #[allocate_panic] or \
         assert_no_alloc(..), give the program arguments with which it gets there, or audit all of it with \
         --whole-program"
            .to_owned()
    })
}

/// Profiles in which some process was not watched though it has regions.
#[must_use]
pub fn unwatched(report: &Report) -> Vec<String> {
    let some = report.profiles.iter().filter(|profile| profile.without_allocator > 0);
    some.map(|profile| {
        format!(
            "in profile {} {} of {} processes entered regions without qadapt as global allocator: what they allocate is \
             not seen",
            profile.name, profile.without_allocator, profile.processes
        )
    })
    .collect()
}

/// Regions that disallow system calls on threads whose calls could not be watched.
#[must_use]
pub fn unmeasured(report: &Report) -> Vec<String> {
    let profiles = report.profiles.iter().enumerate().filter_map(|(index, profile)| {
        let unmeasured = report.regions.iter().filter(|region| {
            region.counts.get(index).copied().flatten().is_some_and(|counts| counts.unwatched > 0)
        });
        let names: Vec<String> = unmeasured.map(|region| region_name(&region.place)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "in profile {} the blocking calls of {} are unmeasured: the kernel did not let them be watched, which it \
                 does on x86-64 Linux from 5.11 on where nothing forbids it",
                profile.name,
                names.join(", ")
            )
        })
    });
    profiles.collect()
}

/// Regions of which nothing is left but what may be in stacks that were not recorded.
#[must_use]
pub fn undecided(report: &Report, removed: &Removed) -> Vec<String> {
    let is_left = |&(profile, region): &(usize, usize)| {
        let counts =
            report.regions.get(region).and_then(|region| region.counts.get(profile).copied().flatten());
        counts.is_some_and(|counts| counts.disallowed > 0)
    };
    removed.sampled(report).filter(|at| !is_left(at)).map(|at| sampled(report, at)).collect()
}

/// Regions of which a count that is left is no count, but an estimate.
#[must_use]
pub fn estimated(report: &Report, removed: &Removed) -> Vec<String> {
    removed.sampled(report).map(|at| sampled(report, at)).collect()
}

fn sampled(report: &Report, (profile, region): (usize, usize)) -> String {
    let profile = report.profiles.get(profile).map_or("", |profile| &profile.name);
    let region = report.regions.get(region).map(|region| region_name(&region.place)).unwrap_or_default();
    format!(
        "in profile {profile} a sample of the stacks was recorded, as there were more than 10,000 a second, and qadapt.toml \
         suppresses some of {region}: what else it did is not known. Let the run do less, or audit it with --live, which \
         records each stack"
    )
}

/// Says so if no frame has a line.
#[must_use]
pub fn without_lines(report: &Report) -> Option<String> {
    let with_stack = report.sites.iter().filter(|site| !site.stack.is_empty());
    let mut without: Vec<&str> = Vec::new();
    for (index, profile) in report.profiles.iter().enumerate() {
        let mut own = with_stack.clone().filter(|site| site.counts.get(index).is_some_and(Option::is_some));
        // The standard library has lines of its own.
        let is = |frame: &u32, has_line: bool| {
            let frame = report.frames.get(*frame as usize);
            frame.is_some_and(|frame| frame.origin != Origin::Internal && (frame.line > 0) == has_line)
        };
        let has = |site: &Site, has_line| site.stack.iter().any(|frame| is(frame, has_line));
        if own.clone().any(|site| has(site, false)) && !own.any(|site| has(site, true)) {
            without.push(&profile.name);
        }
    }
    (!without.is_empty()).then(|| {
        format!(
            "the program in profile {} has no debug information, so that sites have no lines. The audit asks cargo for \
             it: something takes it out again, as a linker's option or `strip` in a build script does",
            without.join(", "),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::{Counts, Region, RegionKind, RegionPlace};

    #[test]
    fn an_empty_report_is_no_audit() {
        let mut report = Report::default();
        assert!(nothing_audited(&report, true).is_some_and(|why| why.contains("no trace")));
        report.profile("debug");
        report.profiles[0].processes = 1;
        report.profiles[0].without_allocator = 1;
        assert!(nothing_audited(&report, true).is_some_and(|why| why.contains("#[global_allocator]")));
        report.profiles[0].without_allocator = 0;
        assert!(nothing_audited(&report, false).is_some_and(|why| why.contains("--whole-program")));
        assert_eq!(nothing_audited(&report, true), None);
        report.profiles[0].lost = 1;
        assert!(nothing_audited(&report, false).is_some_and(|why| why.contains("no room")));
    }

    /// Of two regions the sites of one are all suppressed.
    #[test]
    fn where_nothing_is_left_of_a_sample_nothing_is_known() {
        let counts = |disallowed| vec![Some(Counts { calls: 1, disallowed, ..Counts::default() })];
        let mut report = Report::default();
        report.profile("debug");
        let place = |name: &str| RegionPlace {
            file: "src/main.rs".into(),
            line: 1,
            column: 1,
            name: Some(name.into()),
            kind: RegionKind::Plain,
            by: None,
        };
        report.regions = vec![
            Region { place: place("all"), counts: counts(0) },
            Region { place: place("some"), counts: counts(2) },
        ];
        let removed = Removed { regions: vec![counts(9), counts(9)], ..Removed::default() };
        assert_eq!((undecided(&report, &removed), estimated(&report, &removed)), (Vec::new(), Vec::new()));
        report.profiles[0].unsampled = 1;
        let gaps = undecided(&report, &removed);
        assert!(
            matches!(&gaps[..], [gap] if gap.contains("suppresses some of all") && gap.contains("--live")),
            "{gaps:?}"
        );
        assert_eq!(estimated(&report, &removed).len(), 2);
    }
}
