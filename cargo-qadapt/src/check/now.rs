//! What was run now, in the baseline's terms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::baseline::{Figures, Often, Run};
use super::key::{Keys, RegionKey, SiteKey};
use super::paths::path_bytes;
use super::range::Range;
use crate::audit::gaps::estimated;
use crate::config::Suppression;
use crate::report::figures::{RegionPlace, Report};
use crate::report::line::Line;
use crate::report::lines::lines;
use crate::report::merge::most;
use crate::report::suppress::{Removed, Suppressed, suppress};

/// One or several runs of one thing.
#[derive(Debug)]
pub struct Now {
    /// What they did, for a comparison.
    pub run: Run,
    /// The most that any of them did, without the sites that are suppressed.
    pub report: Report,
    /// The report's lines.
    pub lines: Vec<Line>,
    /// The keys of the report's regions.
    pub regions: Vec<RegionKey>,
    /// The keys of the report's lines.
    pub sites: Vec<SiteKey>,
    /// What was suppressed, most often.
    pub suppressed: Vec<Suppressed>,
    /// What is left of figures that no baseline can hold.
    pub gaps: BTreeSet<String>,
}

impl Now {
    /// Puts runs together. Paths in the reports start at `root`; `failed` names the profiles in which the program did. With
    /// `per_entry` the figures are those of one entry.
    #[must_use]
    pub fn new(
        mut reports: Vec<Report>,
        root: &Path,
        suppressions: &[Suppression],
        failed: Vec<String>,
        per_entry: bool,
    ) -> Self {
        let removed: Vec<Removed> = reports.iter_mut().map(|report| suppress(report, suppressions)).collect();
        let gaps =
            reports.iter().zip(&removed).flat_map(|(report, removed)| estimated(report, removed)).collect();
        let report = most(reports.clone());
        let mut keys = Keys::below(root);
        // Of all runs together: a region that one of them did not enter must not shift the numbers of others.
        let regions = keys.regions(&report);
        let key_of: BTreeMap<&RegionPlace, &RegionKey> =
            report.regions.iter().map(|region| &region.place).zip(&regions).collect();
        let runs = reports
            .iter()
            .zip(&removed)
            .map(|(report, removed)| one(report, removed, &key_of, &mut keys, per_entry));
        let mut run = runs.reduce(|runs, run| runs.or(&run)).unwrap_or_default();
        run.failed = failed.into_iter().collect();
        let lines = lines(&report);
        let sites = lines.iter().map(|line| keys.line(line)).collect();
        Self { run, lines, regions, sites, suppressed: all_suppressed(removed), report, gaps }
    }
}

/// A single run.
fn one(
    report: &Report,
    removed: &Removed,
    key_of: &BTreeMap<&RegionPlace, &RegionKey>,
    keys: &mut Keys,
    per_entry: bool,
) -> Run {
    let profiles: Vec<&String> = report.profiles.iter().map(|profile| &profile.name).collect();
    let profiles_run = profiles.iter().map(|&name| name.clone()).collect();
    let mut run = Run { per_entry, profiles: profiles_run, ..Run::default() };
    for found in &removed.suppressions {
        for (profile, _) in profiles.iter().zip(&found.events).filter(|(_, events)| **events > 0) {
            run.suppressed.entry((*profile).clone()).or_default().insert(found.what.clone());
        }
    }
    let paths = path_bytes(report);
    for ((region, removed), paths) in report.regions.iter().zip(&removed.regions).zip(&paths) {
        let Some(key) = key_of.get(&region.place) else { continue };
        for (((profile, counts), removed), paths) in
            profiles.iter().zip(&region.counts).zip(removed).zip(paths)
        {
            if let Some(counts) = counts {
                let mut left_out = removed.unwrap_or_default();
                left_out.add(&paths.unwrap_or_default());
                let figures = Figures::of(counts, &left_out, per_entry);
                run.regions.entry((*key).clone()).or_default().counts.insert((*profile).clone(), figures);
            }
        }
    }
    for line in lines(report) {
        let Some(place) = report.regions.get(line.region) else { continue };
        let Some(region) = key_of.get(&place.place) else { continue };
        let site = keys.line(&line);
        let times = run.regions.entry((*region).clone()).or_default().sites.entry(site).or_default();
        let entered = place.counts.iter().map(|counts| counts.map_or(1, |counts| counts.calls));
        for (((profile, totals), counts), entries) in
            profiles.iter().zip(&report.profiles).zip(&line.counts).zip(entered)
        {
            let Some(counts) = counts else { continue };
            let often = if totals.unsampled > 0 {
                Often::Sampled
            } else if per_entry {
                Often::Times(Range::of_entries(counts.estimate, entries))
            } else {
                Often::Times(Range::exactly(counts.estimate))
            };
            // Lines of the same text are one site.
            let sum = times.get(*profile).map_or(often, |before| before.and(often));
            times.insert((*profile).clone(), sum);
        }
    }
    run
}

/// The suppressions that matched in any run, each with the most events of one.
fn all_suppressed(removed: Vec<Removed>) -> Vec<Suppressed> {
    let mut all: Vec<Suppressed> = Vec::new();
    for found in removed.into_iter().flat_map(|removed| removed.suppressions) {
        match all.iter_mut().find(|known| known.what == found.what && known.reason == found.reason) {
            Some(known) => {
                for (most, events) in known.events.iter_mut().zip(found.events) {
                    *most = events.max(*most);
                }
            }
            None => all.push(found),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::{Counts, Frame, Op, Region, RegionKind, Site, SiteCounts};
    use qadapt_code::origin::Origin;

    /// A run that enters regions at lines 3 and 9, the first one only sometimes, and allocates in the second.
    fn report(first: bool, allocs: u64) -> Report {
        let mut report = Report::default();
        report.profile("debug");
        let region = |line, allocs| Region {
            place: RegionPlace {
                file: "no/such.rs".into(),
                line,
                column: 1,
                name: None,
                kind: RegionKind::Plain,
                by: None,
            },
            counts: vec![Some(Counts { calls: 1, allocs, disallowed: allocs, ..Counts::default() })],
        };
        report.regions = if first { vec![region(3, 1), region(9, allocs)] } else { vec![region(9, allocs)] };
        let frame = |line| Frame {
            function: "f".into(),
            file: Some("no/such.rs".into()),
            line,
            column: 1,
            origin: Origin::Own,
        };
        report.frames = vec![frame(10), frame(11)];
        let site = |frame, estimate| Site {
            region: report.regions.len() - 1,
            op: Op::Alloc,
            stack: vec![frame],
            counts: vec![Some(SiteCounts { count: estimate, estimate, ..SiteCounts::default() })],
        };
        report.sites = vec![site(0, allocs - 1), site(1, 1)];
        report
    }

    fn key(nth: u32) -> RegionKey {
        RegionKey { file: "no/such.rs".into(), nth, ..RegionKey::default() }
    }

    #[test]
    fn what_varies_between_runs_is_a_range() {
        let now =
            Now::new(vec![report(true, 3), report(false, 5)], Path::new("/nowhere"), &[], Vec::new(), false);
        assert_eq!(now.regions, [key(1), key(2)]);
        let debug = |key: &RegionKey| now.run.regions[key].counts["debug"].allocs;
        assert_eq!(debug(&key(1)), Range { max: 1, ..Range::default() }, "it was not entered each time");
        assert_eq!(debug(&key(2)), Range { min: 3, max: 5, per_entry: false });
        assert_eq!(now.report.regions[1].counts[0].expect("it was entered").allocs, 5);
        // Both lines have the same text, which is none: one site.
        let sites = &now.run.regions[&key(2)].sites;
        assert_eq!(sites.len(), 1);
        let times = sites.values().next().expect("there is one");
        assert_eq!(times["debug"], Often::Times(Range { min: 3, max: 5, per_entry: false }));
    }

    #[test]
    fn a_benchmarks_figures_are_those_of_one_entry() {
        let mut often = report(true, 1200);
        for region in &mut often.regions {
            region.counts[0].as_mut().expect("it was entered").calls = 400;
        }
        let now = Now::new(vec![often], Path::new("/nowhere"), &[], Vec::new(), true);
        assert_eq!(now.run.regions[&key(2)].counts["debug"].allocs.to_string(), "3.00");
        let sites = &now.run.regions[&key(2)].sites;
        let times = sites.values().next().expect("there is one")["debug"];
        assert_eq!(times, Often::Times(Range::of_entries(1200, 400)));
    }

    #[test]
    fn sampled_sites_have_no_number() {
        let mut sampled = report(true, 3);
        sampled.profiles[0].unsampled = 1;
        let now = Now::new(vec![sampled], Path::new("/nowhere"), &[], vec!["debug".into()], false);
        assert!(now.run.failed.contains("debug"));
        let sites = &now.run.regions[&key(2)].sites;
        assert_eq!(sites.values().next().expect("there is one")["debug"], Often::Sampled);
    }
}
