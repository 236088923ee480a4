//! How events spread over the entries of a region: every time, or once.

use std::collections::BTreeMap;

use qadapt_trace::{GROUPS, Spread as Traced};
use serde::{Deserialize, Serialize};

/// How many events entries of a region had, of the region or at one site. Of a region that is entered again inside itself, the
/// outermost entry counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Spread {
    /// Events in a process's first entry of the region, the most of all processes.
    pub first: u64,
    /// The fewest events of an entry that had some.
    pub least: u64,
    /// The most events of one entry.
    pub worst: u64,
    /// Entries by the [group](Traced::group) of their events. Of a site those without events are not in it.
    pub entries: [u64; GROUPS],
    /// Something was left out, so that nothing can be said: all other figures are 0.
    pub is_partial: bool,
    /// All that is known of a site that several stacks of the same names were joined to: the other figures are 0.
    pub bounds: Option<Bounds>,
}

/// What is known of an entry's events at a site that is passed on several stacks, from which entries cannot be told: the least
/// and the most that each figure can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Entries with events.
    pub entries: [u64; 2],
    /// Events in a process's first entry of the region, the most of all processes.
    pub first: [u64; 2],
    /// The most events of one entry.
    pub worst: [u64; 2],
}

/// The same in JSON. What is not known is not there.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    least: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worst: Option<u64>,
    /// Entries by the fewest events that their group has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entries: Option<BTreeMap<u64, u64>>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_partial: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounds: Option<Bounds>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Spread {
    /// What a trace says; partial if it does not know.
    #[must_use]
    pub fn of(traced: Option<Traced>) -> Self {
        let Some(traced) = traced else { return Self::partial() };
        Self {
            first: traced.first.unwrap_or(0),
            least: traced.least,
            worst: traced.most,
            entries: traced.entries.map(u64::from),
            is_partial: false,
            bounds: None,
        }
    }

    fn partial() -> Self {
        Self { is_partial: true, ..Self::default() }
    }

    /// True if there was no entry.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Entries.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.entries.iter().fold(0, |sum, &entries| sum.saturating_add(entries))
    }

    /// Entries with events.
    #[must_use]
    pub fn with_events(&self) -> u64 {
        self.entries.iter().skip(1).fold(0, |sum, &entries| sum.saturating_add(entries))
    }

    /// The events of the middle one of so many entries, of which those that are not here had none. Up to 8 events, and where all
    /// entries had equally many, it is exact; else it is the most that the middle one can have had.
    #[must_use]
    pub fn median(&self, of: u64) -> u64 {
        let mut before = of.saturating_sub(self.with_events());
        for (group, &entries) in self.entries.iter().enumerate().skip(1) {
            if before >= of.div_ceil(2) {
                break;
            }
            before = before.saturating_add(entries);
            if before >= of.div_ceil(2) {
                return Traced::events(group).1.clamp(self.least, self.worst.max(self.least));
            }
        }
        0
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.join(other, u64::saturating_add);
    }

    /// Takes each figure of another run that is larger.
    pub fn raise(&mut self, other: &Self) {
        self.join(other, u64::max);
    }

    /// Adds another stack's of the same runs, whose events may have been in the same entries or in others. `has_one_first` says
    /// that there was only one first entry: then its events add up.
    pub fn add_stack(&mut self, other: &Self, has_one_first: bool) {
        // Without entries the events were in one that has not ended.
        let (Some(own), Some(other)) = (self.known(), other.known()) else {
            *self = Self::partial();
            return;
        };
        let both = |own: [u64; 2], other: [u64; 2]| [own[0].max(other[0]), own[1].saturating_add(other[1])];
        let mut bounds = Bounds {
            entries: both(own.entries, other.entries),
            first: both(own.first, other.first),
            worst: both(own.worst, other.worst),
        };
        if has_one_first {
            bounds.first[0] = own.first[0].saturating_add(other.first[0]);
        }
        bounds.worst[0] = bounds.worst[0].max(bounds.first[0]);
        *self = Self { bounds: Some(bounds), ..Self::default() };
    }

    /// Bounds, which are exact of one stack.
    fn within(&self) -> Bounds {
        let exact = |figure| [figure, figure];
        self.bounds.unwrap_or_else(|| Bounds {
            entries: exact(self.with_events()),
            first: exact(self.first),
            worst: exact(self.worst),
        })
    }

    /// The same of a site; none if there is nothing to say.
    fn known(&self) -> Option<Bounds> {
        Some(self.within()).filter(|bounds| !self.is_partial && bounds.entries[0] > 0)
    }

    fn join(&mut self, other: &Self, join: impl Fn(u64, u64) -> u64) {
        if self.is_partial || other.is_partial {
            *self = Self::partial();
            return;
        }
        if self.bounds.is_some() || other.bounds.is_some() {
            let (own, other) = (self.within(), other.within());
            let both = |own: [u64; 2], other: [u64; 2], join: &dyn Fn(u64, u64) -> u64| {
                [join(own[0], other[0]), join(own[1], other[1])]
            };
            let bounds = Bounds {
                entries: both(own.entries, other.entries, &join),
                first: both(own.first, other.first, &u64::max),
                worst: both(own.worst, other.worst, &u64::max),
            };
            *self = Self { bounds: Some(bounds), ..Self::default() };
            return;
        }
        self.first = self.first.max(other.first);
        self.least = match (self.least, other.least) {
            (0, least) | (least, 0) => least,
            (a, b) => a.min(b),
        };
        self.worst = self.worst.max(other.worst);
        for (own, &other) in self.entries.iter_mut().zip(&other.entries) {
            *own = join(*own, other);
        }
    }
}

impl From<Written> for Spread {
    fn from(written: Written) -> Self {
        if written.is_partial {
            return Self::partial();
        }
        if written.bounds.is_some() {
            return Self { bounds: written.bounds, ..Self::default() };
        }
        let mut entries = [0; GROUPS];
        for (events, number) in written.entries.unwrap_or_default() {
            entries[Traced::group(events)] = number;
        }
        let figure = Option::unwrap_or_default;
        Self {
            first: figure(written.first),
            least: figure(written.least),
            worst: figure(written.worst),
            entries,
            ..Self::default()
        }
    }
}

impl From<Spread> for Written {
    fn from(spread: Spread) -> Self {
        let groups = spread.entries.iter().enumerate().filter(|(_, entries)| **entries > 0);
        let entries = groups.map(|(group, &entries)| (Traced::events(group).0, entries)).collect();
        let Spread { first, least, worst, is_partial, bounds, .. } = spread;
        let is_known = !is_partial && bounds.is_none();
        Self {
            first: is_known.then_some(first),
            least: is_known.then_some(least),
            worst: is_known.then_some(worst),
            entries: is_known.then_some(entries),
            is_partial,
            bounds,
        }
    }
}

/// In how many of a region's entries a line was passed, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Entries {
    /// At least so many had events.
    pub least: u64,
    /// At most so many.
    pub most: u64,
    /// Of these.
    pub of: u64,
    /// Events of an entry; none where several stacks lead to the line, whose entries may be the same or not.
    pub usual: Option<Usual>,
    /// What is known of that where those stacks have the same names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
}

/// Events of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Usual {
    /// In the first.
    pub first: u64,
    /// In the middle one.
    pub median: u64,
    /// In the one with the most.
    pub worst: u64,
}

impl Entries {
    /// Of a line with these stacks, in a region with these entries; none where it cannot be said.
    #[must_use]
    pub fn of(region: &Spread, stacks: &[Spread]) -> Option<Self> {
        let of = region.all();
        if of == 0 || region.is_partial || stacks.is_empty() {
            return None;
        }
        let known = stacks.iter().map(Spread::known).collect::<Option<Vec<Bounds>>>()?;
        let least = known.iter().map(|bounds| bounds.entries[0]).max()?;
        let most = known.iter().fold(0, |sum: u64, bounds| sum.saturating_add(bounds.entries[1])).min(of);
        let mut entries = Self { least, most, of, usual: None, bounds: None };
        if let [one] = stacks {
            entries.bounds = one.bounds.map(|bounds| Bounds { entries: [least, most], ..bounds });
            if one.bounds.is_none() {
                entries.usual = Some(Usual { first: one.first, median: one.median(of), worst: one.worst });
            }
        }
        Some(entries)
    }

    /// Of the region itself.
    #[must_use]
    pub fn of_region(region: &Spread) -> Option<Self> {
        let (of, with) = (region.all(), region.with_events());
        let usual = Usual { first: region.first, median: region.median(of), worst: region.worst };
        (of > 0 && !region.is_partial).then_some(Self {
            least: with,
            most: with,
            of,
            usual: Some(usual),
            bounds: None,
        })
    }

    /// In words; none where there was one entry, of which there is nothing to say.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if self.of < 2 {
            return None;
        }
        let with = if self.least == self.most {
            format!("in {} of {} entries", self.most, self.of)
        } else {
            format!("in {} to {} of {} entries", self.least, self.most, self.of)
        };
        let usual = self.usual.filter(|usual| usual.worst > 0);
        Some(match (usual, self.bounds) {
            (Some(Usual { first, median, worst }), _) => {
                format!("{with}: {first} in the first, median {median}, worst {worst}")
            }
            (None, Some(Bounds { first, worst, .. })) => {
                format!("{with}: {} in the first, worst {}", between(first), between(worst))
            }
            (None, None) => with,
        })
    }
}

fn between([least, most]: [u64; 2]) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(events: &[u64]) -> Spread {
        let mut spread = Spread { first: events[0], ..Spread::default() };
        for &events in events {
            spread.entries[Traced::group(events)] += 1;
            spread.worst = spread.worst.max(events);
            if events > 0 && (spread.least == 0 || events < spread.least) {
                spread.least = events;
            }
        }
        spread
    }

    #[test]
    fn the_middle_entry_is_found() {
        for (events, median) in [
            (&[5, 0, 0][..], 0),
            (&[5, 5, 0], 5),
            (&[1, 2, 3, 4, 5], 3),
            (&[0, 7], 0),
            (&[100, 100, 100], 100),
            (&[20, 9, 9], 16),
            (&[0], 0),
        ] {
            let spread = spread(events);
            assert_eq!(spread.median(spread.all()), median, "{events:?}");
        }
        // Of a site those without events are only known by number.
        let mut site = spread(&[3, 3]);
        site.first = 3;
        assert_eq!((site.median(3), site.median(4), site.median(5)), (3, 0, 0));
    }

    #[test]
    fn warming_up_is_told_from_every_time() {
        let words = |region: &[u64], stacks: &[Spread]| {
            Entries::of(&spread(region), stacks).and_then(|entries| entries.words()).unwrap_or_default()
        };
        let once = words(&[5, 0, 0, 0], &[spread(&[5])]);
        assert_eq!(once, "in 1 of 4 entries: 5 in the first, median 0, worst 5");
        let always = words(&[1, 1, 1, 2], &[spread(&[1, 1, 1, 2])]);
        assert_eq!(always, "in 4 of 4 entries: 1 in the first, median 1, worst 2");
        // Two stacks may have had their events in the same entries or in others.
        let two = words(&[1, 1, 2], &[spread(&[1, 1]), spread(&[1, 1])]);
        assert_eq!(two, "in 2 to 3 of 3 entries");
        assert_eq!(words(&[1, 1], &[Spread::of(None)]), "");
        assert_eq!(words(&[4], &[spread(&[4])]), "", "there is nothing to say of one entry");
        let region = Entries::of_region(&spread(&[0, 0])).and_then(|entries| entries.words());
        assert_eq!(region.as_deref(), Some("in 0 of 2 entries"));
    }

    #[test]
    fn runs_add_up_and_survive_json() {
        let mut sum = spread(&[9, 0]);
        sum.add(&spread(&[2, 300]));
        assert_eq!((sum.first, sum.least, sum.worst, sum.all(), sum.with_events()), (9, 2, 300, 4, 3));
        let json = serde_json::to_string(&sum).expect("it can be written");
        assert_eq!(json, r#"{"first":9,"least":2,"worst":300,"entries":{"0":1,"2":1,"9":1,"257":1}}"#);
        assert_eq!(serde_json::from_str::<Spread>(&json).expect("it can be read"), sum);
    }

    /// An unrolled loop: each of its copies is a stack of the same names.
    #[test]
    fn stacks_of_the_same_names_are_joined_within_bounds() {
        let joined = |stacks: &[Spread], has_one_first: bool| {
            let mut sum = stacks[0];
            for stack in &stacks[1..] {
                sum.add_stack(stack, has_one_first);
            }
            sum
        };
        let words = |region: &[u64], sum: Spread| {
            Entries::of(&spread(region), &[sum]).and_then(|entries| entries.words()).unwrap_or_default()
        };
        let always = joined(&[spread(&[1, 1, 1]); 10], true);
        assert_eq!(words(&[10, 10, 10], always), "in 3 of 3 entries: 10 in the first, worst 10");
        let once = joined(&[spread(&[1]); 4], true);
        assert_eq!(words(&[4, 0, 0], once), "in 1 to 3 of 3 entries: 4 in the first, worst 4");
        // None in the first; the worst may be of both, or of one.
        let late =
            joined(&[Spread { first: 0, ..spread(&[1]) }, Spread { first: 0, ..spread(&[2, 3]) }], true);
        assert_eq!(words(&[0, 3, 3, 3, 3], late), "in 2 to 3 of 5 entries: 0 in the first, worst 3 to 4");
        // The two firsts may be of two processes.
        let two = joined(&[spread(&[1, 1]), spread(&[2])], false);
        assert_eq!(words(&[2, 1, 1], two), "in 2 to 3 of 3 entries: 2 to 3 in the first, worst 2 to 3");
        // A stack that nothing is known of, and one whose only entry has not ended.
        for unknown in [Spread::of(None), Spread::default()] {
            assert_eq!(joined(&[spread(&[1, 1]), unknown], true), Spread::of(None));
            assert_eq!(joined(&[unknown, spread(&[1, 1])], true), Spread::of(None));
        }
        // With another stack on the line.
        let line = Entries::of(&spread(&[10; 9]), &[always, spread(&[1, 1])]);
        assert_eq!(line.and_then(|line| line.words()).as_deref(), Some("in 3 to 9 of 9 entries"));
    }

    #[test]
    fn bounds_add_up_and_survive_json() {
        let mut joined = spread(&[1, 1]);
        joined.add_stack(&spread(&[3]), true);
        let json = serde_json::to_string(&joined).expect("it can be written");
        assert_eq!(json, r#"{"bounds":{"entries":[2,3],"first":[4,4],"worst":[4,4]}}"#);
        assert_eq!(serde_json::from_str::<Spread>(&json).expect("it can be read"), joined);
        let run = spread(&[5, 1, 1]);
        let (mut sum, mut other) = (Spread::default(), run);
        sum.add(&joined);
        assert_eq!(sum, joined);
        sum.add(&run);
        other.add(&joined);
        assert_eq!(sum, other, "in any order");
        assert_eq!(sum.bounds, Some(Bounds { entries: [5, 6], first: [5, 5], worst: [5, 5] }));
        joined.raise(&run);
        assert_eq!(joined.bounds, Some(Bounds { entries: [3, 3], first: [5, 5], worst: [5, 5] }));
        sum.add(&Spread::of(None));
        let json = serde_json::to_string(&sum).expect("it can be written");
        assert_eq!(json, r#"{"is_partial":true}"#);
        assert_eq!(serde_json::from_str::<Spread>(&json).expect("it can be read"), Spread::of(None));
    }
}
