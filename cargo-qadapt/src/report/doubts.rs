//! Which figures of a report can be compared between profiles.
//!
//! A line that one profile lacks is only missing there if each of that profile's events is known to be elsewhere. So an
//! event whose own line is not known casts doubt on all lines of its region: it could be any of theirs.

use std::collections::HashMap;

use super::diff::Doubt;
use super::figures::{Op, Report};
use super::line::Line;
use super::sited::Sited;

/// Allocations, zeroed or not; reallocations; deallocations; calls.
type Group = u8;

fn group(op: Op) -> Group {
    match op {
        Op::Alloc | Op::AllocZeroed => 0,
        Op::Realloc => 1,
        Op::Dealloc => 2,
        Op::SystemCall(_) => 3,
    }
}

/// What is in doubt, and how much there is in all.
#[derive(Debug, Default)]
pub struct Doubts {
    /// Of each site.
    sites: Vec<Option<Doubt>>,
    /// Of a region in a profile.
    regions: HashMap<(usize, Group, usize), Doubt>,
    totals: HashMap<(usize, Group, usize), u64>,
}

impl Doubts {
    /// Of a report; `sited` says for each of its sites what is known of its line.
    #[must_use]
    pub fn of(report: &Report, sited: &[Sited]) -> Self {
        let mut all = Self { sites: sited.iter().map(Sited::doubt).collect(), ..Self::default() };
        for (site, sited) in report.sites.iter().zip(sited) {
            for (profile, counts) in site.counts.iter().enumerate() {
                let Some(counts) = counts else { continue };
                let key = (site.region, group(site.op), profile);
                let total = all.totals.entry(key).or_default();
                *total = total.saturating_add(counts.estimate);
                if let Some(doubt) = sited.doubt() {
                    all.regions.entry(key).and_modify(|known| *known = doubt.min(*known)).or_insert(doubt);
                }
            }
        }
        all
    }

    /// What is in doubt about a line, if anything: whether it is missing in the profiles that seem to lack it, or else
    /// how often it happens in each.
    #[must_use]
    pub fn about(&self, report: &Report, line: &Line) -> Option<Doubt> {
        let is_seen = |profile: &usize| line.counts.get(*profile).is_some_and(Option::is_some);
        let profiles = 0..report.profiles.len();
        let is_missing = profiles.clone().any(|profile| !is_seen(&profile));
        let itself = line.sites.iter().filter_map(|&site| self.sites.get(site).copied().flatten());
        let compared = profiles.filter(|profile| !is_missing || !is_seen(profile));
        let others = compared.filter(|&profile| !is_absent(report, line, profile)).filter_map(|index| {
            let profile = report.profiles.get(index)?;
            let region = self.regions.get(&(line.region, group(line.op), index)).copied();
            let sampled = (profile.unsampled > 0).then_some(Doubt::Sampled);
            let cut = (profile.lost > 0).then_some(Doubt::Cut);
            [region, sampled, cut].into_iter().flatten().min()
        });
        itself.chain(others).chain(about_waiting(report, line)).min()
    }

    /// True if other profiles do not do less of the kind in the region than this line would explain, if it were missing
    /// there: then they do it at other lines.
    #[must_use]
    pub fn moved(&self, line: &Line) -> bool {
        let total = |profile| self.totals.get(&(line.region, group(line.op), profile)).copied().unwrap_or(0);
        let counts = line.counts.iter().enumerate();
        let (here, there): (Vec<_>, Vec<_>) = counts.partition(|(_, counts)| counts.is_some());
        let least = here.iter().map(|&(profile, counts)| (total(profile), counts.map_or(0, |c| c.estimate)));
        let Some((most, count)) = least.min() else { return false };
        there.iter().all(|&(profile, _)| total(profile).saturating_add(count) > most)
    }
}

/// Why blocking calls are never compared.
fn about_waiting(report: &Report, line: &Line) -> Option<Doubt> {
    let counts =
        report.regions.get(line.region).into_iter().flat_map(|region| region.counts.iter().flatten());
    let is_unmeasured = counts.into_iter().any(|counts| counts.unwatched > 0);
    line.op.is_call().then_some(if is_unmeasured { Doubt::Unmeasured } else { Doubt::Moment })
}

/// True if the region's own counts, which are exact, say that nothing of the kind happened in this profile.
fn is_absent(report: &Report, line: &Line, profile: usize) -> bool {
    let Some(region) = report.regions.get(line.region) else { return false };
    region.counts.get(profile).copied().flatten().is_none_or(|counts| match line.op {
        Op::Alloc | Op::AllocZeroed => counts.allocs == 0,
        Op::Realloc => counts.reallocs == 0,
        Op::Dealloc => counts.deallocs == 0,
        Op::SystemCall(_) => counts.blocking_calls == 0,
    })
}
