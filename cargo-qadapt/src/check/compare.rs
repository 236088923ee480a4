//! What was run now against what was settled.

use super::baseline::{Baseline, Figures, Range, Region, Run};
use super::key::{RegionKey, SiteKey};
use super::now::Now;
use crate::config::{Budget, Config};
use crate::format::text::region_name;
use crate::report::outcome::{Finding, Outcome, Rule};

/// What the figures are called in messages: one, and several.
const WORDS: [(&str, &str); 5] = [
    ("allocation", "allocations"),
    ("reallocation", "reallocations"),
    ("deallocation", "deallocations"),
    ("byte", "bytes"),
    ("byte at once", "bytes at once"),
];

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
        let mut findings = Vec::new();
        if let Some(before) = self.before {
            self.against(before, &mut findings);
        }
        self.over_budget(&mut findings);
        self.varying(&mut findings);
        self.unmatched(&mut findings);
        findings.sort_by_key(|finding| (finding.rule, finding.region, finding.profile));
        Outcome { findings }
    }

    fn against(&self, before: &Run, findings: &mut Vec<Finding>) {
        let matched = before.matching(&self.now.run);
        for (region, key) in self.now.regions.iter().enumerate() {
            let is_permitted = self.config.permits.iter().any(|permit| key.is_meant(&permit.region));
            let known = matched.get(key).and_then(|old| before.regions.get(*old));
            for (profile, name) in self.profiles() {
                let Some(now) = self.figures(key, name) else { continue };
                let found = match known {
                    Some(known) => more_or_less(known.counts.get(name).copied().unwrap_or_default(), now),
                    None => self.unknown(region, profile, now),
                };
                if let Some((rule, what)) = found.filter(|_| !is_permitted) {
                    let lines = if rule.is_failure() {
                        new_lines(self.now, region, profile, known)
                    } else {
                        Vec::new()
                    };
                    findings.push(self.finding(rule, region, profile, &what, lines));
                }
            }
            // Entered when it was settled, and not now.
            for (profile, name) in self.profiles() {
                let was = known.and_then(|known| known.counts.get(name));
                if let (Some(was), None) = (was, self.figures(key, name))
                    && let Some((rule, what)) =
                        more_or_less(*was, Figures::default()).filter(|_| !is_permitted)
                {
                    findings.push(self.finding(rule, region, profile, &what, Vec::new()));
                }
            }
        }
        for (key, region) in &before.regions {
            let was_run = region.counts.keys().any(|profile| self.now.run.profiles.contains(profile));
            if was_run && !matched.values().any(|old| *old == key) {
                let message = format!(
                    "the baseline knows the region {}, which was not entered; `--bless` removes it",
                    key.title()
                );
                findings.push(whole(Rule::Unmatched, message));
            }
        }
    }

    /// A region that the baseline does not know.
    fn unknown(&self, region: usize, profile: usize, now: Figures) -> Option<(Rule, String)> {
        let counts = self.now.report.regions.get(region)?.counts.get(profile)?.unwrap_or_default();
        let what = listed(now.all().map(|range| (range.max > 0).then_some(range)));
        if counts.disallowed > 0 {
            Some((Rule::NotInBaseline, format!("{what} in a region that the baseline does not know")))
        } else if counts.events() > 0 {
            Some((
                Rule::NewRegion,
                format!("{what}, all of them allowed, in a region that the baseline does not know"),
            ))
        } else {
            None
        }
    }

    fn over_budget(&self, findings: &mut Vec<Finding>) {
        for budget in &self.config.budgets {
            for (region, key) in
                self.now.regions.iter().enumerate().filter(|(_, key)| key.is_meant(&budget.region))
            {
                for (profile, name) in self.profiles() {
                    let is_limited = budget.profile.as_ref().is_none_or(|limited| limited == name);
                    let Some(now) = self.figures(key, name).filter(|_| is_limited) else { continue };
                    let over = over(budget, now);
                    if !over.is_empty() {
                        let lines = new_lines(self.now, region, profile, None);
                        let message = format!(
                            "{}: the budget for `{}` in qadapt.toml, which `--bless` does not change",
                            over.join(", "),
                            budget.region.as_str()
                        );
                        findings.push(self.finding(Rule::OverBudget, region, profile, &message, lines));
                    }
                }
            }
        }
    }

    fn varying(&self, findings: &mut Vec<Finding>) {
        let matched = self.before.map(|before| before.matching(&self.now.run)).unwrap_or_default();
        for (region, key) in self.now.regions.iter().enumerate() {
            for (profile, name) in self.profiles() {
                let Some(now) = self.figures(key, name) else { continue };
                let before = matched
                    .get(key)
                    .and_then(|old| self.before?.regions.get(*old)?.counts.get(name))
                    .copied()
                    .unwrap_or_default();
                let pairs = now.all().into_iter().zip(before.all());
                let varies = pairs.map(|(now, before)| (now.varies() && !before.varies()).then_some(now));
                let varies: Vec<Option<Range>> = varies.collect();
                if varies.iter().any(Option::is_some) {
                    let what = format!(
                        "{}, not the same in each run: the baseline keeps the least and the most",
                        listed(varies)
                    );
                    findings.push(self.finding(Rule::Varies, region, profile, &what, Vec::new()));
                }
            }
        }
    }

    /// Entries of the configuration that are about nothing, neither now nor in any run that was settled.
    fn unmatched(&self, findings: &mut Vec<Finding>) {
        let settled = self.baseline.runs.values().flat_map(|run| run.regions.keys());
        let keys: Vec<&RegionKey> = settled.chain(&self.now.regions).collect();
        let budgets = self.config.budgets.iter().map(|budget| ("budget for", &budget.region));
        let permits = self.config.permits.iter().map(|permit| ("permit for", &permit.region));
        for (what, glob) in budgets.chain(permits) {
            if !keys.iter().any(|key| key.is_meant(glob)) {
                findings.push(whole(
                    Rule::Unmatched,
                    format!("the {what} `{}` in qadapt.toml matches no region: remove it", glob.as_str()),
                ));
            }
        }
        // What this run did in the profiles that ran now is known better now.
        let known = self.baseline.runs.iter().flat_map(|(command, run)| {
            let is_this = command == self.command;
            run.suppressed
                .iter()
                .filter(move |(profile, _)| !(is_this && self.now.run.profiles.contains(*profile)))
                .flat_map(|(_, what)| what)
        });
        let known: Vec<&String> = known.chain(self.now.run.suppressed.values().flatten()).collect();
        for suppression in &self.config.suppressions {
            let words = suppression.words();
            if !known.contains(&&words) {
                findings.push(whole(
                    Rule::Unmatched,
                    format!("the suppression of {words} in qadapt.toml matches no stack: remove it"),
                ));
            }
        }
    }

    fn profiles(&self) -> impl Iterator<Item = (usize, &str)> {
        self.now.report.profiles.iter().map(|profile| profile.name.as_str()).enumerate()
    }

    fn figures(&self, key: &RegionKey, profile: &str) -> Option<Figures> {
        self.now.run.regions.get(key)?.counts.get(profile).copied()
    }

    fn finding(&self, rule: Rule, region: usize, profile: usize, what: &str, lines: Vec<usize>) -> Finding {
        let name =
            self.now.report.regions.get(region).map(|region| region_name(&region.place)).unwrap_or_default();
        let profile_name = self.now.report.profiles.get(profile).map_or("", |profile| profile.name.as_str());
        Finding {
            rule,
            region: Some(region),
            profile: Some(profile),
            message: format!("{name} in {profile_name}: {what}"),
            lines,
        }
    }
}

/// The lines of a region that it did not have before, or less often.
#[must_use]
pub fn new_lines(now: &Now, region: usize, profile: usize, before: Option<&Region>) -> Vec<usize> {
    let Some(name) = now.report.profiles.get(profile).map(|profile| &profile.name) else { return Vec::new() };
    let run = now.regions.get(region).and_then(|key| now.run.regions.get(key));
    let is_new = |site: &SiteKey| {
        let now = run.and_then(|region| region.sites.get(site)?.get(name));
        let before = before.and_then(|region| region.sites.get(site)?.get(name));
        match (before, now) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(now)) => !before.allows(*now),
        }
    };
    let lines = now.lines.iter().zip(&now.sites).enumerate();
    let here = lines.filter(|(_, (line, _))| {
        line.region == region && line.counts.get(profile).is_some_and(Option::is_some)
    });
    here.filter(|(_, (_, site))| is_new(site)).map(|(index, _)| index).collect()
}

/// A finding about no region in particular.
fn whole(rule: Rule, message: String) -> Finding {
    Finding { rule, region: None, profile: None, message, lines: Vec::new() }
}

/// What a region does more than before, or if nothing, less.
fn more_or_less(before: Figures, now: Figures) -> Option<(Rule, String)> {
    let pairs: Vec<(Range, Range)> = before.all().into_iter().zip(now.all()).collect();
    let select = |is: fn(Range, Range) -> bool| -> Option<String> {
        let chosen: Vec<String> = pairs
            .iter()
            .zip(WORDS)
            .filter(|((before, now), _)| is(*before, *now))
            .map(|((before, now), words)| format!("{} instead of {before}", counted(*now, words)))
            .collect();
        (!chosen.is_empty()).then(|| chosen.join(", "))
    };
    if let Some(more) = select(|before, now| now.max > before.max) {
        let advice = "make it do less, or accept it with `--bless`";
        return Some((Rule::MoreThanBaseline, format!("{more}: {advice}")));
    }
    let less = select(|before, now| now.min < before.min)?;
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
            let limit = limit.filter(|limit| now.max > *limit)?;
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
    format!("{range} {}", if range == Range::exactly(1) { one } else { several })
}
