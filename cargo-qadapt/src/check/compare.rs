//! What was run now against what was settled.

use std::collections::BTreeSet;

use qadapt_code::near;

use super::baseline::{Baseline, Figures, Region, Run};
use super::key::{RegionKey, SiteKey};
use super::now::Now;
use super::range::{Range, Tolerance};
use crate::config::{self, Budget, Config};
use crate::format::text::region_name;
use crate::report::outcome::{Finding, Outcome, Rule};
use crate::selection::Profile;

/// What the figures are called in messages: one, and several.
const WORDS: [(&str, &str); 6] = [
    ("allocation", "allocations"),
    ("reallocation", "reallocations"),
    ("deallocation", "deallocations"),
    ("byte", "bytes"),
    ("byte at once", "bytes at once"),
    ("blocking call", "blocking calls"),
];

/// What to do about a failure.
const ACCEPT: &str = "make it do less, or accept it with `--bless`";

/// The profiles that each project has, by the names that people use.
const OF_CARGO: [&str; 4] = ["debug", "release", "test", "bench"];

/// Everything that a comparison looks at.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// What was run now.
    pub now: &'a Now,
    /// What this run did when it was settled; none if it is being settled.
    pub before: Option<&'a Run>,
    /// All that was settled, for entries that are about other runs.
    pub baseline: &'a Baseline,
    /// The command whose run it is.
    pub command: &'a str,
    /// The configuration.
    pub config: &'a Config,
}

impl Comparison<'_> {
    /// All findings, failures first.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let mut found = Vec::new();
        if let Some(before) = self.before {
            self.against(before, &mut found);
        }
        self.over_budget(&mut found);
        self.varying(&mut found);
        let mut findings: Vec<Finding> = joined(found).into_iter().map(|found| self.finding(found)).collect();
        findings.extend(self.gone());
        findings.extend(self.unmatched());
        // Of one region what is so in several profiles comes first.
        findings.sort_by_cached_key(|found| {
            (found.rule, found.region, found.profiles.len() == 1, found.profiles.clone())
        });
        Outcome { findings }
    }

    fn against(&self, before: &Run, all: &mut Vec<Found>) {
        let matched = before.matching(&self.now.run);
        for (region, key) in self.now.regions.iter().enumerate() {
            let is_permitted = self.config.permits.iter().any(|permit| key.is_meant(&permit.region));
            if is_permitted {
                continue;
            }
            let known = matched.get(key).and_then(|old| before.regions.get(*old));
            for (profile, name) in self.profiles() {
                let was = known.and_then(|known| known.counts.get(name)).copied();
                let found = match (known, self.figures(key, name)) {
                    // A profile that did not enter it, before or now, did nothing in it.
                    (Some(_), now) => {
                        let now = now.unwrap_or_default();
                        let tolerances = now.tolerances(tolerated(self.config, key, name));
                        more_or_less(was.unwrap_or_default(), now, tolerances)
                    }
                    (None, Some(now)) => self.unknown(region, profile, now),
                    (None, None) => None,
                };
                let Some((rule, what)) = found else { continue };
                let percent = tolerated(self.config, key, name);
                let lines = if rule.is_failure() {
                    new_lines(self.now, region, profile, known, percent)
                } else {
                    Vec::new()
                };
                all.push(Found { rule, region, profiles: vec![profile], what, lines });
            }
        }
    }

    /// Regions that the baseline knows and that were not entered.
    fn gone(&self) -> Vec<Finding> {
        let Some(before) = self.before else { return Vec::new() };
        let matched = before.matching(&self.now.run);
        let matched: BTreeSet<&RegionKey> = matched.into_values().collect();
        let gone = before.regions.iter().filter(|(key, region)| {
            region.counts.keys().any(|profile| self.now.run.profiles.contains(profile))
                && !matched.contains(key)
        });
        gone.map(|(key, _)| {
            let title = key.title();
            let message =
                format!("the baseline knows the region {title}, which was not entered; `--bless` removes it");
            unmatched(&message)
        })
        .collect()
    }

    /// A region that the baseline does not know.
    fn unknown(&self, region: usize, profile: usize, now: Figures) -> Option<(Rule, String)> {
        let counts = self.now.report.regions.get(region)?.counts.get(profile)?.unwrap_or_default();
        let what = listed(now.all().map(|range| (range.max > 0).then_some(range)));
        if counts.disallowed > 0 {
            Some((
                Rule::NotInBaseline,
                format!("{what} in a region that the baseline does not know: {ACCEPT}"),
            ))
        } else if counts.events() > 0 {
            Some((
                Rule::NewRegion,
                format!(
                    "{what}, all allowed, in a region that the baseline does not know: `--bless` adds it"
                ),
            ))
        } else {
            None
        }
    }

    fn over_budget(&self, all: &mut Vec<Found>) {
        for budget in &self.config.budgets {
            for (region, key) in
                self.now.regions.iter().enumerate().filter(|(_, key)| key.is_meant(&budget.region))
            {
                for (profile, name) in self.profiles() {
                    let is_limited = budget.profile.as_ref().is_none_or(|limited| limited.name() == name);
                    let Some(now) = self.figures(key, name).filter(|_| is_limited) else { continue };
                    let over = over(budget, now);
                    if !over.is_empty() {
                        let lines = new_lines(self.now, region, profile, None, 0);
                        let what = format!(
                            "{}: the budget for `{}` in qadapt.toml, which `--bless` does not change",
                            over.join(", "),
                            budget.region.as_str()
                        );
                        let rule = Rule::OverBudget;
                        all.push(Found { rule, region, profiles: vec![profile], what, lines });
                    }
                }
            }
        }
    }

    fn varying(&self, all: &mut Vec<Found>) {
        let matched = self.before.map(|before| before.matching(&self.now.run)).unwrap_or_default();
        for (region, key) in self.now.regions.iter().enumerate() {
            for (profile, name) in self.profiles() {
                let Some(now) = self.figures(key, name) else { continue };
                let before = matched
                    .get(key)
                    .and_then(|old| self.before?.regions.get(*old)?.counts.get(name))
                    .copied()
                    .unwrap_or_default();
                let varies = Figures::pairs(&before, &now)
                    .map(|(before, now)| (now.varies() && !before.varies()).then_some(now));
                if varies.iter().any(Option::is_some) {
                    let what = format!(
                        "{}, not the same in each run: the baseline keeps the least and the most",
                        listed(varies)
                    );
                    all.push(Found {
                        rule: Rule::Varies,
                        region,
                        profiles: vec![profile],
                        what,
                        lines: Vec::new(),
                    });
                }
            }
        }
    }

    /// Entries of the configuration that are about nothing, neither now nor in any run that was settled.
    fn unmatched(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let is_known_better = |command: &String, profile: &String| {
            // What this run did in the profiles that ran now.
            command == self.command && self.now.run.profiles.contains(profile)
        };
        let settled = self.baseline.runs.iter().flat_map(|(command, run)| {
            let stands =
                move |region: &Region| region.counts.keys().any(|name| !is_known_better(command, name));
            run.regions.iter().filter(move |(_, region)| stands(region)).map(|(key, _)| key)
        });
        let keys: Vec<&RegionKey> = settled.chain(&self.now.regions).collect();
        let budgets = self.config.budgets.iter().map(|budget| ("budget for", &budget.region));
        let permits = self.config.permits.iter().map(|permit| ("permit for", &permit.region));
        let tolerances = self.config.tolerances.iter();
        let tolerances = tolerances.map(|tolerance| ("tolerance for", &tolerance.region));
        for (what, glob) in budgets.chain(permits).chain(tolerances) {
            if !keys.iter().any(|key| key.is_meant(glob)) {
                findings.push(unmatched(&format!(
                    "the {what} `{}` in qadapt.toml matches no region: correct it or remove it",
                    glob.as_str()
                )));
            }
        }
        findings.extend(self.of_no_profile());
        let known = self.baseline.runs.iter().flat_map(|(command, run)| {
            let stands = run.suppressed.iter().filter(move |(profile, _)| !is_known_better(command, profile));
            stands.flat_map(|(_, what)| what)
        });
        let known: Vec<&String> = known.chain(self.now.run.suppressed.values().flatten()).collect();
        for suppression in &self.config.suppressions {
            let words = suppression.words();
            if !known.contains(&&words) {
                findings.push(unmatched(&format!(
                    "the suppression of {words} in qadapt.toml matches no stack: correct it or remove it"
                )));
            }
        }
        findings
    }

    /// Entries of the configuration for profiles that neither this run has nor any that was settled. Those that cargo has of itself may
    /// be of a run to come, and are not told; nor are they offered, since an entry for one of them holds nothing until that run.
    fn of_no_profile(&self) -> Vec<Finding> {
        let settled = self.baseline.runs.values().flat_map(|run| &run.profiles);
        let ran: BTreeSet<&str> = settled.chain(&self.now.run.profiles).map(String::as_str).collect();
        let is_known = |name: &str| ran.contains(name) || OF_CARGO.contains(&name);
        let budgets =
            self.config.budgets.iter().map(|budget| ("budget", &budget.region, budget.profile.as_ref()));
        let tolerances = self.config.tolerances.iter();
        let tolerances =
            tolerances.map(|tolerance| ("tolerance", &tolerance.region, tolerance.profile.as_ref()));
        let mut findings = Vec::new();
        for (what, glob, profile) in budgets.chain(tolerances) {
            let Some(profile) = profile.map(Profile::name).filter(|name| !is_known(name)) else {
                continue;
            };
            let near = near::words(&near::near(profile, ran.iter().map(|&name| name.to_owned())));
            findings.push(unmatched(&format!(
                "the {what} for `{}` in qadapt.toml is of the profile `{profile}`, in which nothing was run: correct it or \
                 remove it{near}",
                glob.as_str()
            )));
        }
        findings
    }

    fn profiles(&self) -> impl Iterator<Item = (usize, &str)> {
        self.now.report.profiles.iter().map(|profile| profile.name.as_str()).enumerate()
    }

    fn figures(&self, key: &RegionKey, profile: &str) -> Option<Figures> {
        self.now.run.regions.get(key)?.counts.get(profile).copied()
    }

    fn finding(&self, found: Found) -> Finding {
        let Found { rule, region, profiles, what, lines } = found;
        let report = &self.now.report;
        let name = report.regions.get(region).map(|region| region_name(&region.place)).unwrap_or_default();
        let names = profiles.iter().filter_map(|&profile| report.profiles.get(profile));
        let names: Vec<&str> = names.map(|profile| profile.name.as_str()).collect();
        Finding {
            rule,
            region: Some(region),
            message: format!("{name} in {}: {what}.", names.join(" and ")),
            profiles,
            lines,
        }
    }
}

/// Something about a region, before it is put in words.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    rule: Rule,
    region: usize,
    profiles: Vec<usize>,
    what: String,
    lines: Vec<usize>,
}

/// What is the same in several profiles is told once.
fn joined(all: Vec<Found>) -> Vec<Found> {
    let mut joined: Vec<Found> = Vec::new();
    for found in all {
        // Those of one region lie together.
        let near = joined.iter_mut().rev().take_while(|known| known.region == found.region);
        let same = near.into_iter().find(|known| {
            (known.rule, known.region, &known.what, &known.lines)
                == (found.rule, found.region, &found.what, &found.lines)
        });
        match same {
            Some(known) => known.profiles.extend(found.profiles),
            None => joined.push(found),
        }
    }
    joined
}

/// The percent by which a region's figures may be off in a profile; 0 if nothing is said.
fn tolerated(config: &Config, region: &RegionKey, profile: &str) -> u64 {
    let means = |tolerance: &&config::Tolerance| {
        tolerance.profile.as_ref().is_none_or(|only| only.name() == profile)
            && region.is_meant(&tolerance.region)
    };
    config.tolerances.iter().filter(means).map(|tolerance| tolerance.percent).max().unwrap_or(0)
}

/// The lines of a region that it did not have before, or less often.
#[must_use]
pub fn new_lines(
    now: &Now,
    region: usize,
    profile: usize,
    before: Option<&Region>,
    percent: u64,
) -> Vec<usize> {
    let Some(name) = now.report.profiles.get(profile).map(|profile| &profile.name) else { return Vec::new() };
    let run = now.regions.get(region).and_then(|key| now.run.regions.get(key));
    let is_new = |site: &SiteKey| {
        let now = run.and_then(|region| region.sites.get(site)?.get(name));
        let before = before.and_then(|region| region.sites.get(site)?.get(name));
        match (before, now) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(now)) => !before.allows(*now, percent),
        }
    };
    // Lines are in the order of their regions.
    let first = now.lines.partition_point(|line| line.region < region);
    let here = now.lines.iter().zip(&now.sites).enumerate().skip(first);
    here.take_while(|(_, (line, _))| line.region == region)
        .filter(|(_, (line, site))| line.counts.get(profile).is_some_and(Option::is_some) && is_new(site))
        .map(|(index, _)| index)
        .collect()
}

/// A finding about no region of the report.
fn unmatched(message: &str) -> Finding {
    let message = format!("{message}.");
    Finding { rule: Rule::Unmatched, region: None, profiles: Vec::new(), message, lines: Vec::new() }
}

/// What a region does more than before, or if nothing, less.
fn more_or_less(before: Figures, now: Figures, tolerances: [Tolerance; 6]) -> Option<(Rule, String)> {
    let pairs = Figures::pairs(&before, &now);
    let each = if now.allocs.per_entry { " for each entry" } else { "" };
    let select = |is: fn(Range, Range, Tolerance) -> bool| -> Option<String> {
        let chosen: Vec<String> = pairs
            .iter()
            .zip(WORDS)
            .zip(tolerances)
            .filter(|(((before, now), _), tolerance)| is(*before, *now, *tolerance))
            .map(|(((before, now), words), _)| format!("{} instead of {before}", counted(*now, words)))
            .collect();
        (!chosen.is_empty()).then(|| format!("{}{each}", chosen.join(", ")))
    };
    if let Some(more) = select(|before, now, tolerance| now.is_more(before, tolerance)) {
        return Some((Rule::MoreThanBaseline, format!("{more}: {ACCEPT}")));
    }
    let less = select(|before, now, tolerance| now.is_less(before, tolerance))?;
    Some((Rule::LessThanBaseline, format!("{less}: `--bless` keeps it so")))
}

/// What is beyond a budget.
fn over(budget: &Budget, now: Figures) -> Vec<String> {
    budget
        .limits()
        .iter()
        .zip(now.all())
        .zip(WORDS)
        .filter_map(|(((_, limit), now), words)| {
            let limit = limit.filter(|limit| now.max > now.limit(*limit))?;
            Some(format!("{} where {limit} may be", counted(now, words)))
        })
        .collect()
}

/// The figures that are given, in words.
fn listed(figures: impl IntoIterator<Item = Option<Range>>) -> String {
    let listed: Vec<String> =
        figures.into_iter().zip(WORDS).filter_map(|(range, words)| Some(counted(range?, words))).collect();
    listed.join(", ")
}

fn counted(range: Range, (one, several): (&str, &str)) -> String {
    format!("{range} {}", if range.is_one() { one } else { several })
}
