//! What became of a run since another revision.

use std::collections::BTreeSet;

use super::baseline::{Figures, Run};
use super::compare::new_lines;
use super::key::RegionKey;
use super::now::Now;
use crate::report::changes::{Change, Changes, Trend};

/// The table of what changed between a run of before and now, the worst first.
#[must_use]
pub fn changes(since: &str, command: &str, before: &Run, now: &Now) -> Changes {
    let matched = before.matching(&now.run);
    let (mut rows, mut same) = (Vec::new(), 0);
    for (index, key) in now.regions.iter().enumerate() {
        let known = matched.get(key).and_then(|old| before.regions.get(*old));
        for (number, profile) in now.report.profiles.iter().map(|profile| &profile.name).enumerate() {
            let was = known.and_then(|region| region.counts.get(profile));
            let is = now.run.regions.get(key).and_then(|region| region.counts.get(profile));
            let Some(trend) = trend(was, is) else {
                same += usize::from(is.is_some());
                continue;
            };
            let lines = match trend {
                Trend::More | Trend::New => new_lines(now, index, number, known, 0),
                Trend::Less | Trend::Gone => Vec::new(),
            };
            rows.push(Change {
                trend,
                region: key.title(),
                profile: profile.clone(),
                cells: cells(was, is),
                lines,
            });
        }
    }
    let kept: BTreeSet<&RegionKey> = matched.into_values().collect();
    for (key, region) in &before.regions {
        if kept.contains(key) {
            continue;
        }
        let ran = region.counts.iter().filter(|(profile, _)| now.run.profiles.contains(*profile));
        rows.extend(ran.map(|(profile, was)| Change {
            trend: Trend::Gone,
            region: key.title(),
            profile: profile.clone(),
            cells: cells(Some(was), None),
            lines: Vec::new(),
        }));
    }
    rows.sort_by(|a, b| (a.trend, &a.region, &a.profile).cmp(&(b.trend, &b.region, &b.profile)));
    let mut figures = Figures::NAMES.map(str::to_owned).to_vec();
    // The last figure is one that few regions have.
    let all = [before, &now.run].into_iter().flat_map(|run| run.regions.values());
    if all.flat_map(|region| region.counts.values()).all(|figures| figures.blocking_calls.max == 0) {
        figures.pop();
        for row in &mut rows {
            row.cells.pop();
        }
    }
    Changes { since: since.to_owned(), command: command.to_owned(), figures, rows, same }
}

/// What became of a region in a profile; none if nothing did.
fn trend(was: Option<&Figures>, is: Option<&Figures>) -> Option<Trend> {
    match (was, is) {
        (None, None) => None,
        (None, Some(_)) => Some(Trend::New),
        (Some(_), None) => Some(Trend::Gone),
        (Some(was), Some(is)) => {
            let pairs = || Figures::pairs(was, is).into_iter().zip(is.tolerances(0));
            if pairs().any(|((was, is), tolerance)| is.is_more(was, tolerance)) {
                Some(Trend::More)
            } else if pairs().any(|((was, is), tolerance)| is.is_less(was, tolerance)) {
                Some(Trend::Less)
            } else {
                None
            }
        }
    }
}

fn cells(was: Option<&Figures>, is: Option<&Figures>) -> Vec<String> {
    let figures = |figures: Option<&Figures>| figures.copied().unwrap_or_default();
    let tolerances = is.or(was).copied().unwrap_or_default().tolerances(0);
    let pairs = Figures::pairs(&figures(was), &figures(is)).into_iter().zip(tolerances);
    pairs
        .map(|((was, is), tolerance)| {
            let is_same = !is.is_more(was, tolerance) && !is.is_less(was, tolerance);
            if is_same { is.to_string() } else { format!("{was} → {is}") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::range::Range;
    use super::*;

    #[test]
    fn trends_and_cells() {
        let figures = |allocs: u64, bytes: u64| Figures {
            allocs: Range::exactly(allocs),
            bytes: Range::exactly(bytes),
            ..Figures::default()
        };
        let (a, b) = (figures(3, 96), figures(2, 128));
        assert_eq!(trend(Some(&a), Some(&b)), Some(Trend::More), "one figure is enough");
        assert_eq!(trend(Some(&a), Some(&figures(2, 96))), Some(Trend::Less));
        assert_eq!(trend(Some(&a), Some(&a)), None);
        assert_eq!(trend(None, Some(&a)), Some(Trend::New));
        assert_eq!(trend(Some(&a), None), Some(Trend::Gone));
        assert_eq!(cells(Some(&a), Some(&b)), ["3 → 2", "0", "0", "96 → 128", "0", "0"]);
        assert_eq!(cells(None, Some(&a)), ["0 → 3", "0", "0", "0 → 96", "0", "0"]);
    }
}
