//! What was settled: for each run and region the figures of each profile, and the sites that they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::key::{RegionKey, SiteKey};
use super::range::{Range, Tolerance};
use crate::report::figures::Counts;

/// All runs of a workspace, by the command that makes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The runs.
    pub runs: BTreeMap<String, Run>,
}

/// What one command does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// True if its figures are those of one entry.
    pub per_entry: bool,
    /// The profiles that were run.
    pub profiles: BTreeSet<String>,
    /// The profiles in which the program failed, as tests do that expect a region to panic.
    pub failed: BTreeSet<String>,
    /// The suppressions that matched, by profile.
    pub suppressed: BTreeMap<String, BTreeSet<String>>,
    /// The regions that were entered.
    pub regions: BTreeMap<RegionKey, Region>,
}

/// What a region does in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// For each profile in which it was entered.
    pub counts: BTreeMap<String, Figures>,
    /// The lines that violate it, and how often in each profile.
    pub sites: BTreeMap<SiteKey, BTreeMap<String, Often>>,
}

/// The figures that are compared, over all entries of a run, without what is suppressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Allocations.
    pub allocs: Range,
    /// Reallocations.
    pub reallocs: Range,
    /// Deallocations.
    pub deallocs: Range,
    /// Bytes asked for.
    pub bytes: Range,
    /// The most bytes live at once in one entry.
    pub peak_bytes: Range,
    /// System calls that were disallowed.
    pub blocking_calls: Range,
}

/// How often a line violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    /// So often.
    Times(Range),
    /// Not known: there were so many events that only some had their stacks recorded.
    Sampled,
}

impl Figures {
    /// The figures' names in files.
    pub const NAMES: [&'static str; 6] =
        ["allocs", "reallocs", "deallocs", "bytes", "peak_bytes", Self::CALLS];

    /// The name of the figure that only regions have which disallow system calls.
    pub const CALLS: &'static str = "blocking_calls";

    /// The figures of one run, without what was removed. Where allocations were, the peak of the others is not known,
    /// and left out. Where a harness chooses how often the region is entered, all but the peak are those of one entry.
    #[must_use]
    pub fn of(counts: &Counts, removed: &Counts, per_entry: bool) -> Self {
        let peak_bytes = if removed.bytes > 0 { 0 } else { counts.peak_bytes };
        let figure = |all: u64, removed: u64| {
            let sum = all.saturating_sub(removed);
            if per_entry { Range::of_few(sum, counts.calls) } else { Range::exactly(sum) }
        };
        Self {
            allocs: figure(counts.allocs, removed.allocs),
            reallocs: figure(counts.reallocs, removed.reallocs),
            deallocs: figure(counts.deallocs, removed.deallocs),
            bytes: figure(counts.bytes, removed.bytes),
            peak_bytes: Range::exactly(peak_bytes),
            blocking_calls: figure(counts.blocking_calls, removed.blocking_calls),
        }
    }

    /// How much each of them may be off, in their order, besides `percent` that the configuration allows.
    #[must_use]
    pub fn tolerances(&self, percent: u64) -> [Tolerance; 6] {
        let [events, bytes] = if self.allocs.per_entry {
            [Tolerance::OF_ENTRIES, Tolerance::BYTES_OF_ENTRIES]
        } else {
            [Tolerance::default(); 2]
        };
        [events, events, events, bytes, Tolerance::default(), events].map(|tolerance| tolerance.or(percent))
    }

    /// The figures, in the order of their names.
    #[must_use]
    pub const fn all(&self) -> [Range; 6] {
        [self.allocs, self.reallocs, self.deallocs, self.bytes, self.peak_bytes, self.blocking_calls]
    }

    /// The figures of a run before, each with that of now, in the order of their names. Where one of them does not know the peak
    /// there is nothing to compare: both have that of now.
    #[must_use]
    pub fn pairs(before: &Self, now: &Self) -> [(Range, Range); 6] {
        let is_peak_known = before.knows_peak() && now.knows_peak();
        let peak_bytes = if is_peak_known { before.peak_bytes } else { now.peak_bytes };
        let (before, now) = (Self { peak_bytes, ..*before }.all(), now.all());
        std::array::from_fn(|figure| (before[figure], now[figure]))
    }

    /// False where the peak was left out: nothing that asks for bytes has none.
    #[must_use]
    pub const fn knows_peak(&self) -> bool {
        self.peak_bytes.max > 0 || self.bytes.max == 0
    }

    /// Takes another run of the same thing in.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            allocs: self.allocs.or(other.allocs),
            reallocs: self.reallocs.or(other.reallocs),
            deallocs: self.deallocs.or(other.deallocs),
            bytes: self.bytes.or(other.bytes),
            peak_bytes: self.peak_bytes.or(other.peak_bytes),
            blocking_calls: self.blocking_calls.or(other.blocking_calls),
        }
    }
}

impl Often {
    /// Another run of the same line.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Times(a), Self::Times(b)) => Self::Times(a.or(b)),
            _ => Self::Sampled,
        }
    }

    /// Another line of the same text, in the same run.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Times(a), Self::Times(b)) => Self::Times(a.and(b)),
            _ => Self::Sampled,
        }
    }

    /// True if the line may be passed that often.
    #[must_use]
    pub fn allows(self, other: Self, percent: u64) -> bool {
        match (self, other) {
            (Self::Times(most), Self::Times(now)) => {
                let own = if now.per_entry { Tolerance::OF_ENTRIES } else { Tolerance::default() };
                !now.is_more(most, own.or(percent))
            }
            _ => true,
        }
    }
}

impl Baseline {
    /// Takes over what a run did in these profiles: what other profiles and other runs did stays.
    pub fn bless(&mut self, command: &str, now: &Run) {
        let mut run =
            self.runs.remove(command).filter(|run| run.per_entry == now.per_entry).unwrap_or_default();
        run.per_entry = now.per_entry;
        let moved: BTreeMap<RegionKey, RegionKey> =
            run.matching(now).into_iter().map(|(new, old)| (old.clone(), new.clone())).collect();
        let keep = |profile: &String| !now.profiles.contains(profile);
        let mut regions: BTreeMap<RegionKey, Region> = BTreeMap::new();
        for (old_key, mut region) in std::mem::take(&mut run.regions) {
            region.counts.retain(|profile, _| keep(profile));
            for times in region.sites.values_mut() {
                times.retain(|profile, _| keep(profile));
            }
            region.sites.retain(|_, times| !times.is_empty());
            if !region.counts.is_empty() {
                regions.insert(moved.get(&old_key).cloned().unwrap_or(old_key), region);
            }
        }
        for (key, region) in &now.regions {
            let kept = regions.entry(key.clone()).or_default();
            kept.counts.extend(region.counts.iter().map(|(profile, figures)| (profile.clone(), *figures)));
            for (site, times) in &region.sites {
                kept.sites.entry(site.clone()).or_default().extend(times.clone());
            }
        }
        run.regions = regions;
        run.failed.retain(keep);
        run.failed.extend(now.failed.iter().cloned());
        run.suppressed.retain(|profile, _| keep(profile));
        run.suppressed.extend(now.suppressed.clone());
        run.profiles.extend(now.profiles.iter().cloned());
        self.runs.insert(command.to_owned(), run);
    }
}

impl Run {
    /// Another run of the same thing: what only one of them did, the other did 0 times.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.per_entry |= other.per_entry;
        self.profiles.extend(other.profiles.iter().cloned());
        self.failed.extend(other.failed.iter().cloned());
        for (profile, what) in &other.suppressed {
            self.suppressed.entry(profile.clone()).or_default().extend(what.iter().cloned());
        }
        let keys: BTreeSet<RegionKey> = self.regions.keys().chain(other.regions.keys()).cloned().collect();
        let nothing = Region::default();
        for key in keys {
            let theirs = other.regions.get(&key).unwrap_or(&nothing);
            let own = self.regions.entry(key).or_default();
            own.counts = joined(&own.counts, &theirs.counts, Figures::default(), Figures::or);
            let sites: BTreeSet<SiteKey> = own.sites.keys().chain(theirs.sites.keys()).cloned().collect();
            for site in sites {
                let never = BTreeMap::new();
                let times = own.sites.entry(site.clone()).or_default();
                let others = theirs.sites.get(&site).unwrap_or(&never);
                *times = joined(times, others, Often::Times(Range::default()), |a, b| a.or(*b));
            }
        }
        self
    }

    /// Which region of this run each region of another is. Regions with the same key are the same; of the rest, those
    /// whose name only one on each side has; then those whose name begins and ends alike, with other modules between, as it
    /// does where an attribute's function moved within its crate.
    #[must_use]
    pub fn matching<'a>(&'a self, other: &'a Self) -> BTreeMap<&'a RegionKey, &'a RegionKey> {
        let mut matched: BTreeMap<&RegionKey, &RegionKey> = BTreeMap::new();
        for key in other.regions.keys() {
            if let Some((own, _)) = self.regions.get_key_value(key) {
                matched.insert(key, own);
            }
        }
        let whole = |name| Some((name, ""));
        for part in [whole, without_modules] {
            let by_name = |keys: Vec<&'a RegionKey>| {
                let mut found: BTreeMap<_, Vec<&'a RegionKey>> = BTreeMap::new();
                for key in keys {
                    if let Some(name) = key.name.as_deref().and_then(part) {
                        found.entry((name, key.test.as_deref())).or_default().push(key);
                    }
                }
                found
            };
            let old =
                by_name(self.regions.keys().filter(|key| !matched.values().any(|own| own == key)).collect());
            let new = by_name(other.regions.keys().filter(|key| !matched.contains_key(key)).collect());
            for (name, keys) in new {
                if let ([new], Some([old])) = (&keys[..], old.get(&name).map(Vec::as_slice)) {
                    matched.insert(new, old);
                }
            }
        }
        matched
    }
}

/// The crate and the function in a name that has the path of a module, as those have that attributes give.
fn without_modules(name: &str) -> Option<(&str, &str)> {
    let (package, rest) = name.split_once("::")?;
    Some((package, rest.rsplit_once("::").map_or(rest, |(_, function)| function)))
}

/// Two maps by profile as one, with the same for what one of them lacks.
fn joined<T: Copy>(
    a: &BTreeMap<String, T>,
    b: &BTreeMap<String, T>,
    nothing: T,
    join: impl Fn(&T, &T) -> T,
) -> BTreeMap<String, T> {
    let profiles = a.keys().chain(b.keys());
    let of = |map: &BTreeMap<String, T>, profile| map.get(profile).copied().unwrap_or(nothing);
    profiles.map(|profile| (profile.clone(), join(&of(a, profile), &of(b, profile)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::Op;

    #[test]
    fn a_peak_that_is_not_known_is_not_compared() {
        let counts = Counts { allocs: 2, bytes: 40, peak_bytes: 40, ..Counts::default() };
        let one = Counts { allocs: 1, bytes: 20, ..Counts::default() };
        let [whole, part] = [Counts::default(), one].map(|removed| Figures::of(&counts, &removed, false));
        let of_peak = |before: &Figures, now: &Figures| Figures::pairs(before, now)[4];
        for (before, now) in [(&part, &whole), (&whole, &part)] {
            let (was, is) = of_peak(before, now);
            assert_eq!(was, is);
        }
        let nothing = Figures::default();
        assert_eq!(of_peak(&nothing, &whole), (Range::exactly(0), Range::exactly(40)));
        assert_eq!(of_peak(&whole, &nothing), (Range::exactly(40), Range::exactly(0)));
    }

    fn key(file: &str, name: Option<&str>) -> RegionKey {
        RegionKey { file: file.into(), name: name.map(str::to_owned), nth: 1, ..RegionKey::default() }
    }

    fn run(profiles: &[&str], regions: &[(RegionKey, u64)]) -> Run {
        let mut run = Run::default();
        for profile in profiles {
            run.profiles.insert((*profile).to_owned());
            for (key, allocs) in regions {
                let region = run.regions.entry(key.clone()).or_default();
                let figures = Figures { allocs: Range::exactly(*allocs), ..Figures::default() };
                region.counts.insert((*profile).to_owned(), figures);
                let site = SiteKey {
                    file: key.file.clone(),
                    function: "f".into(),
                    code: "Box::new(1)".into(),
                    op: Op::Alloc,
                };
                let times = Often::Times(Range::exactly(*allocs));
                region.sites.entry(site).or_default().insert((*profile).to_owned(), times);
            }
        }
        run
    }

    #[test]
    fn blessing_keeps_other_runs_and_other_profiles() {
        let a = key("a.rs", None);
        let gone = key("gone.rs", None);
        let mut baseline = Baseline::default();
        baseline.bless("other", &run(&["debug"], &[(a.clone(), 1)]));
        baseline.bless("this", &run(&["debug", "release"], &[(a.clone(), 2), (gone.clone(), 1)]));
        baseline.bless("this", &run(&["debug"], &[(a.clone(), 3)]));
        assert_eq!(baseline.runs["other"], run(&["debug"], &[(a.clone(), 1)]));
        let blessed = &baseline.runs["this"];
        assert_eq!(blessed.profiles.len(), 2);
        let counts = &blessed.regions[&a].counts;
        assert_eq!((counts["debug"].allocs.max, counts["release"].allocs.max), (3, 2));
        let times = blessed.regions[&a].sites.values().next().expect("there is a site");
        assert_eq!(times["debug"], Often::Times(Range::exactly(3)));
        assert_eq!(times["release"], Often::Times(Range::exactly(2)));
        assert_eq!(blessed.regions[&gone].counts.len(), 1, "release was not run");
        baseline.bless("this", &run(&["release"], &[(a.clone(), 3)]));
        assert!(!baseline.runs["this"].regions.contains_key(&gone));
    }

    #[test]
    fn regions_that_moved_are_found_by_their_names() {
        let old = run(&["debug"], &[(key("a.rs", Some("mix")), 1), (key("a.rs", None), 1)]);
        let new = run(&["debug"], &[(key("b.rs", Some("mix")), 1), (key("b.rs", None), 1)]);
        let matched = old.matching(&new);
        assert_eq!(matched.len(), 1);
        assert_eq!(matched[&key("b.rs", Some("mix"))], &key("a.rs", Some("mix")));
        // Two of one name could be any.
        let two = run(&["debug"], &[(key("b.rs", Some("mix")), 1), (key("c.rs", Some("mix")), 1)]);
        assert!(old.matching(&two).is_empty());
        let mut baseline = Baseline::default();
        baseline.bless("this", &run(&["release"], &[(key("a.rs", Some("mix")), 7)]));
        baseline.bless("this", &new);
        let moved = &baseline.runs["this"].regions[&key("b.rs", Some("mix"))];
        assert_eq!(moved.counts.len(), 2, "what release did moves with it");
    }

    #[test]
    fn regions_of_attributes_are_found_in_other_modules_of_their_crate() {
        let matched = |old: &[(&str, &str)], new: &[(&str, &str)]| {
            let run = |regions: &[(&str, &str)]| {
                let keys = regions.iter().map(|(file, name)| (key(file, Some(name)), 1));
                run(&["debug"], &keys.collect::<Vec<_>>())
            };
            let (old, new) = (run(old), run(new));
            let matched = old.matching(&new);
            let names = matched.iter().map(|(new, old)| (new.name.clone(), old.name.clone()));
            names
                .map(|(new, old)| format!("{} {}", new.unwrap_or_default(), old.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let old = [("lib.rs", "radio::tick"), ("lib.rs", "radio::stop")];
        let moved = matched(&old, &[("m.rs", "radio::m::tick"), ("lib.rs", "radio::stop")]);
        assert_eq!(moved, ["radio::stop radio::stop", "radio::m::tick radio::tick"]);
        assert_eq!(matched(&[("m.rs", "radio::m::n::tick")], &[("lib.rs", "radio::tick")]).len(), 1);
        // The same name goes first.
        let both = [("a.rs", "radio::tick"), ("m.rs", "radio::m::tick")];
        assert_eq!(matched(&[("lib.rs", "radio::tick")], &both), ["radio::tick radio::tick"]);
        // Either could be the one that moved, here and before.
        let two = [("a.rs", "radio::a::tick"), ("b.rs", "radio::b::tick")];
        assert!(matched(&[("lib.rs", "radio::tick")], &two).is_empty());
        assert!(matched(&two, &[("lib.rs", "radio::tick")]).is_empty());
        // What the user names is no path, and another crate's function another one.
        assert!(matched(&[("lib.rs", "tick")], &[("m.rs", "radio::m::tick")]).is_empty());
        assert!(matched(&[("lib.rs", "radio::tick")], &[("lib.rs", "tuner::tick")]).is_empty());
    }
}
