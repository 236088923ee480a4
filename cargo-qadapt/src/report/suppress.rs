//! Leaving out what `qadapt.toml` suppresses.

use super::figures::{Counts, Op, PerProfile, Report, Site, counts_of};
use crate::config::Suppression;

/// A suppression that matched, and what it took out of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What it is for, as the file says it.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Events, for each profile.
    pub events: Vec<u64>,
}

/// What was taken out of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The suppressions that matched, in the order of the file.
    pub suppressions: Vec<Suppressed>,
    /// For each region and profile what its suppressed sites did; figures that a site does not have are 0.
    pub regions: Vec<PerProfile<Counts>>,
}

impl Removed {
    /// The profiles and regions in which the figures that are left are estimates: of their stacks a sample was recorded, and
    /// some of that was taken out.
    pub fn sampled(&self, report: &Report) -> impl Iterator<Item = (usize, usize)> {
        let profiles = report.profiles.iter().enumerate().filter(|(_, profile)| profile.unsampled > 0);
        profiles.flat_map(|(profile, _)| {
            let taken = move |counts: &PerProfile<Counts>| {
                counts.get(profile).copied().flatten().is_some_and(|counts| counts.disallowed > 0)
            };
            let regions = self.regions.iter().enumerate().filter(move |(_, counts)| taken(counts));
            regions.map(move |(region, _)| (profile, region))
        })
    }
}

/// Takes sites that are suppressed out of a report, and their events out of what was disallowed in their regions, the
/// innermost ones, and in all. The regions' other counts stay.
///
/// Where a sample of the stacks was recorded, what a suppression takes out is an estimate, and no difference from a count: what
/// was disallowed is then what the sites that are left did.
pub fn suppress(report: &mut Report, entries: &[Suppression]) -> Removed {
    let profiles = report.profiles.len();
    let mut events = vec![vec![0_u64; profiles]; entries.len()];
    let mut regions: Vec<PerProfile<Counts>> = vec![vec![None; profiles]; report.regions.len()];
    let mut sites = std::mem::take(&mut report.sites);
    sites.retain(|site| {
        let Some(entry) = entries.iter().position(|entry| is_on_stack(report, site, entry)) else {
            return true;
        };
        for (profile, counts) in site.counts.iter().enumerate() {
            let Some(counts) = counts else { continue };
            events[entry][profile] = events[entry][profile].saturating_add(counts.estimate);
            let bytes = if site.op == Op::Dealloc { 0 } else { counts.bytes };
            let mut removed = Counts { bytes, disallowed: counts.estimate, ..Counts::default() };
            match site.op {
                Op::Alloc | Op::AllocZeroed => removed.allocs = counts.estimate,
                Op::Realloc => removed.reallocs = counts.estimate,
                Op::Dealloc => removed.deallocs = counts.estimate,
                Op::SystemCall(_) => removed.blocking_calls = counts.estimate,
            }
            counts_of(&mut regions[site.region], profile).add(&removed);
        }
        false
    });
    report.sites = sites;
    // What the sites that are left did, for each region and profile.
    let mut left = vec![vec![0_u64; profiles]; report.regions.len()];
    for site in &report.sites {
        for (sum, counts) in left[site.region].iter_mut().zip(&site.counts) {
            *sum = sum.saturating_add(counts.map_or(0, |counts| counts.estimate));
        }
    }
    // Of each profile: whether events were taken out, and what was disallowed in regions by the sites that are left.
    let mut remaining = vec![(false, 0_u64); profiles];
    for ((region, removed), left) in report.regions.iter_mut().zip(&regions).zip(left) {
        let both = region.counts.iter_mut().zip(removed).zip(&mut report.profiles).zip(left);
        for (profile, (((counts, removed), totals), left)) in both.enumerate() {
            let Some(counts) = counts else { continue };
            let is_sampled = totals.unsampled > 0;
            let disallowed = counts.disallowed.min(left);
            let (any_taken, sum) = &mut remaining[profile];
            *sum = sum.saturating_add(disallowed);
            let Some(removed) = removed else { continue };
            *any_taken = true;
            if is_sampled {
                counts.disallowed = disallowed;
            } else {
                counts.disallowed = counts.disallowed.saturating_sub(removed.disallowed);
                totals.disallowed = totals.disallowed.saturating_sub(removed.disallowed);
            }
        }
    }
    for (totals, (any_taken, left)) in report.profiles.iter_mut().zip(remaining) {
        // What an inner region did is in the figures of those round it too, and in all once.
        if totals.unsampled > 0 && any_taken {
            totals.disallowed = totals.disallowed.min(left);
        }
    }
    let suppressions = entries
        .iter()
        .zip(events)
        .filter(|(_, events)| events.iter().any(|&events| events > 0))
        .map(|(entry, events)| Suppressed {
            what: entry.words(),
            reason: entry.reason.trim().to_owned(),
            events,
        })
        .collect();
    Removed { suppressions, regions }
}

/// True if one frame of the stack is all that the entry asks for.
fn is_on_stack(report: &Report, site: &Site, entry: &Suppression) -> bool {
    let frames = site.stack.iter().filter_map(|&frame| report.frames.get(frame as usize));
    frames.into_iter().any(|frame| {
        entry.function.as_ref().is_none_or(|glob| glob.is_match(&frame.function))
            && entry
                .file
                .as_ref()
                .is_none_or(|glob| frame.file.as_ref().is_some_and(|file| glob.is_match(file)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Frame, Region, RegionKind, RegionPlace, SiteCounts};
    use super::*;
    use crate::config::Config;
    use qadapt_code::origin::Origin;

    /// Three sites of two events each, by `main`, through `log::write`, and with a lost stack.
    fn report() -> Report {
        let mut report = Report::default();
        report.profile("debug");
        report.profiles[0].disallowed = 6;
        let place = RegionPlace {
            file: "src/main.rs".into(),
            line: 1,
            column: 1,
            name: None,
            kind: RegionKind::Plain,
            by: None,
        };
        let counts = Counts { calls: 1, allocs: 6, bytes: 48, disallowed: 6, ..Counts::default() };
        report.regions = vec![Region { place, counts: vec![Some(counts)] }];
        let frame = |function: &str, file: &str| Frame {
            function: function.into(),
            file: Some(file.into()),
            line: 1,
            column: 1,
            origin: Origin::Own,
        };
        report.frames = vec![frame("main", "src/main.rs"), frame("log::write", "src/log.rs")];
        let counts = SiteCounts { count: 1, estimate: 2, bytes: 16, largest: 8, ..SiteCounts::default() };
        let site = |stack: &[u32]| Site {
            region: 0,
            op: Op::Alloc,
            stack: stack.to_vec(),
            counts: vec![Some(counts)],
        };
        report.sites = vec![site(&[0]), site(&[1, 0]), site(&[])];
        report
    }

    fn with(entry: &str) -> (Report, Removed) {
        let config =
            Config::parse(&format!("[[suppress]]\n{entry}\nreason = \"known\"")).expect("it is valid");
        let mut report = report();
        let removed = suppress(&mut report, &config.suppressions);
        (report, removed)
    }

    #[test]
    fn a_suppressed_stack_is_no_violation() {
        let (report, removed) = with("function = \"log::*\"");
        assert_eq!((report.sites.len(), report.disallowed()), (2, 4));
        let counts = report.regions[0].counts[0].expect("it was entered");
        assert_eq!((counts.allocs, counts.disallowed), (6, 4), "what happened is still told");
        let taken = removed.regions[0][0].expect("something was taken");
        assert_eq!((taken.allocs, taken.bytes, taken.disallowed), (2, 16, 2));
        assert_eq!(removed.suppressions[0].events, [2]);
    }

    /// 6 events of which some stacks were not recorded: an estimate may be more than there was, or less.
    #[test]
    fn of_a_sample_what_is_left_counts_and_no_difference() {
        let suppressed = |entries: &str, estimates: [u64; 3]| {
            let mut report = report();
            report.profiles[0].unsampled = 1;
            for (site, estimate) in report.sites.iter_mut().zip(estimates) {
                site.counts[0].as_mut().expect("it has counts").estimate = estimate;
            }
            let config = Config::parse(entries).expect("it is valid");
            let removed = suppress(&mut report, &config.suppressions);
            let region = report.regions[0].counts[0].expect("it was entered").disallowed;
            (region, report.disallowed(), removed.sampled(&report).collect::<Vec<_>>())
        };
        let log = "[[suppress]]\nfunction = \"log::*\"\nreason = \"known\"\n";
        assert_eq!(suppressed(log, [1, 9, 1]), (2, 2, vec![(0, 0)]), "more than there was");
        assert_eq!(suppressed(log, [3, 1, 4]), (6, 6, vec![(0, 0)]), "not more than there was");
        let both = format!("{log}[[suppress]]\nfunction = \"main\"\nreason = \"known\"\n");
        assert_eq!(suppressed(&both, [1, 1, 0]).1, 0, "nothing is left, however little was estimated");
        assert_eq!(suppressed("", [1, 9, 1]), (6, 6, Vec::new()));
    }

    /// An outer region has the events of the inner one in its figures, and all events together have them once.
    #[test]
    fn what_is_left_of_a_sample_counts_once_however_regions_nest() {
        let mut report = report();
        report.profiles[0].unsampled = 1;
        let inner = report.regions[0].clone();
        report.regions.push(inner);
        let mut own = report.sites.clone();
        for site in &mut own {
            site.region = 1;
        }
        report.sites.append(&mut own);
        let outer = report.regions[0].counts[0].as_mut().expect("it was entered");
        outer.disallowed = 12;
        report.profiles[0].disallowed = 12;
        let config =
            Config::parse("[[suppress]]\nfunction = \"log::*\"\nreason = \"known\"").expect("it is valid");
        suppress(&mut report, &config.suppressions);
        assert_eq!(report.disallowed(), 8, "two sites of two events are left of each region");
    }

    #[test]
    fn function_and_file_must_be_one_frames() {
        for (entry, left) in [
            ("function = \"main\"", 1),
            ("file = \"*/log.rs\"", 2),
            ("function = \"log::*\"\nfile = \"src/log.rs\"", 2),
            ("function = \"main\"\nfile = \"src/log.rs\"", 3),
            ("function = \"other\"", 3),
        ] {
            let (report, removed) = with(entry);
            assert_eq!(report.sites.len(), left, "{entry}");
            assert_eq!(removed.suppressions.is_empty(), left == 3, "{entry}");
        }
    }
}
