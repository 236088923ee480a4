//! Reports become one report, in a fixed order.

use std::collections::HashMap;

use super::figures::{Frame, Region, RegionPlace, Report, Site, VERSION, counts_of};

/// Joins reports: profiles, regions, frames and sites by what they say, not by their numbers.
#[must_use]
pub fn merge(reports: Vec<Report>) -> Report {
    Merged::new(Joining::Sum).all(reports)
}

/// The most that any of several runs of one thing did, figure by figure.
#[must_use]
pub fn most(reports: Vec<Report>) -> Report {
    Merged::new(Joining::Most).all(reports)
}

/// What becomes of two figures.
#[derive(Clone, Copy)]
enum Joining {
    Sum,
    Most,
}

struct Merged {
    joining: Joining,
    report: Report,
    regions: HashMap<RegionPlace, usize>,
    frames: HashMap<Frame, u32>,
    sites: HashMap<(usize, super::figures::Op, Vec<u32>), usize>,
}

impl Merged {
    fn new(joining: Joining) -> Self {
        let report = Report { version: VERSION, ..Report::default() };
        Self { joining, report, regions: HashMap::new(), frames: HashMap::new(), sites: HashMap::new() }
    }

    fn all(mut self, reports: Vec<Report>) -> Report {
        for report in reports {
            self.add(report);
        }
        self.report.sort();
        self.report
    }

    fn add(&mut self, report: Report) {
        self.report.packages.extend(report.packages);
        self.report.left_out.add(report.left_out);
        let known = &mut self.report.missing;
        known.extend(
            report.missing.into_iter().filter(|missing| !known.contains(missing)).collect::<Vec<_>>(),
        );
        let profiles: Vec<usize> = report
            .profiles
            .iter()
            .map(|profile| {
                let index = self.report.profile(&profile.name);
                let totals = &mut self.report.profiles[index];
                match self.joining {
                    Joining::Sum => totals.add(profile),
                    Joining::Most => totals.raise(profile),
                }
                index
            })
            .collect();
        let regions: Vec<usize> = report
            .regions
            .into_iter()
            .map(|region| {
                let list = &mut self.report.regions;
                let index = *self.regions.entry(region.place.clone()).or_insert_with(|| {
                    list.push(Region { place: region.place, counts: Vec::new() });
                    list.len() - 1
                });
                for (counts, &profile) in region.counts.iter().zip(&profiles) {
                    if let Some(counts) = counts {
                        let sum = counts_of(&mut list[index].counts, profile);
                        match self.joining {
                            Joining::Sum => sum.add(counts),
                            Joining::Most => sum.raise(counts),
                        }
                    }
                }
                index
            })
            .collect();
        let frames: Vec<u32> = report
            .frames
            .into_iter()
            .map(|frame| {
                let list = &mut self.report.frames;
                *self.frames.entry(frame.clone()).or_insert_with(|| {
                    list.push(frame);
                    u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
                })
            })
            .collect();
        for site in report.sites {
            let Some(&region) = regions.get(site.region) else { continue };
            let stack: Vec<u32> =
                site.stack.iter().filter_map(|&frame| frames.get(frame as usize).copied()).collect();
            let list = &mut self.report.sites;
            let index = *self.sites.entry((region, site.op, stack.clone())).or_insert_with(|| {
                list.push(Site { region, op: site.op, stack, counts: Vec::new() });
                list.len() - 1
            });
            for (counts, &profile) in site.counts.iter().zip(&profiles) {
                if let Some(counts) = counts {
                    let sum = counts_of(&mut list[index].counts, profile);
                    match self.joining {
                        Joining::Sum => sum.add(counts),
                        Joining::Most => sum.raise(counts),
                    }
                }
            }
        }
    }
}

impl Report {
    /// Puts regions, frames and sites in an order that does not depend on the order in which they were met, and gives
    /// every list of counts its full length.
    pub fn sort(&mut self) {
        self.pad();
        let (order, number) = ordering(&self.regions, |a, b| a.place.cmp(&b.place));
        self.regions = order.into_iter().map(|index| self.regions[index].clone()).collect();
        let (frame_order, frame_number) = ordering(&self.frames, Ord::cmp);
        self.frames = frame_order.into_iter().map(|index| self.frames[index].clone()).collect();
        for site in &mut self.sites {
            site.region = number[site.region];
            for frame in &mut site.stack {
                *frame = u32::try_from(frame_number[*frame as usize]).unwrap_or(u32::MAX);
            }
        }
        self.sites.sort_by(|a, b| (a.region, a.op, &a.stack).cmp(&(b.region, b.op, &b.stack)));
    }
}

/// The indices of a list in its order, and the place of each index in that.
fn ordering<T>(list: &[T], compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..list.len()).collect();
    order.sort_by(|&a, &b| compare(&list[a], &list[b]));
    let mut number = vec![0; list.len()];
    for (place, &index) in order.iter().enumerate() {
        number[index] = place;
    }
    (order, number)
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Counts, Op, RegionKind, SiteCounts};
    use super::*;
    use qadapt_code::origin::Origin;

    /// A run in one profile with one region, at this line, and one site of it.
    fn run(profile: &str, line: u32, allocs: u64) -> Report {
        let place = RegionPlace {
            file: "src/main.rs".into(),
            line,
            column: 5,
            name: None,
            kind: RegionKind::Plain,
            by: None,
        };
        let frame = |function: &str| Frame {
            function: function.into(),
            file: Some("src/main.rs".into()),
            line,
            column: 9,
            origin: Origin::Own,
        };
        let counts = SiteCounts {
            count: allocs,
            estimate: allocs,
            bytes: 8 * allocs,
            largest: 8,
            align: 8,
            ..SiteCounts::default()
        };
        let mut report = Report { version: VERSION, ..Report::default() };
        report.profile(profile);
        report.profiles[0].processes = 1;
        report.regions = vec![Region {
            place,
            counts: vec![Some(Counts { calls: 1, allocs, peak_bytes: allocs, ..Counts::default() })],
        }];
        report.frames = vec![frame("main"), frame("grow")];
        report.sites = vec![Site { region: 0, op: Op::Alloc, stack: vec![1, 0], counts: vec![Some(counts)] }];
        report
    }

    #[test]
    fn runs_of_one_region_add_up() {
        let merged = merge(vec![run("debug", 3, 2), run("debug", 3, 5)]);
        assert_eq!((merged.profiles.len(), merged.profiles[0].processes), (1, 2));
        let counts = merged.regions[0].counts[0].expect("it was entered");
        assert_eq!((counts.calls, counts.allocs, counts.peak_bytes), (2, 7, 5));
        assert_eq!(merged.sites[0].counts[0].expect("it happened").count, 7);
    }

    #[test]
    fn the_most_of_several_runs_is_no_sum() {
        let most = most(vec![run("debug", 3, 2), run("debug", 3, 5)]);
        assert_eq!((most.profiles.len(), most.profiles[0].processes), (1, 1));
        let counts = most.regions[0].counts[0].expect("it was entered");
        assert_eq!((counts.calls, counts.allocs, counts.peak_bytes), (1, 5, 5));
        assert_eq!(most.sites[0].counts[0].expect("it happened").count, 5);
    }

    #[test]
    fn the_order_of_reports_does_not_matter_but_for_profiles() {
        let mut runs = vec![run("debug", 9, 1), run("debug", 3, 2), run("debug", 3, 4)];
        let merged = merge(runs.clone());
        runs.rotate_left(1);
        assert_eq!(merge(runs), merged);
    }

    #[test]
    fn profiles_stay_apart() {
        let merged = merge(vec![run("debug", 3, 2), run("release", 4, 1)]);
        assert_eq!(merged.regions.len(), 2);
        assert_eq!(merged.regions[0].counts.len(), 2);
        assert!(merged.regions[0].counts[1].is_none() && merged.regions[1].counts[0].is_none());
        assert_eq!(merged.frames[merged.sites[0].stack[0] as usize].function, "grow");
    }
}
