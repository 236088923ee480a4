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
    /// Something was left out, so that nothing can be said.
    pub is_partial: bool,
}

/// The same in JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    first: u64,
    least: u64,
    worst: u64,
    /// Entries by the fewest events that their group has.
    entries: BTreeMap<u64, u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_partial: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Spread {
    /// What a trace says; partial if it does not know.
    #[must_use]
    pub fn of(traced: Option<Traced>) -> Self {
        let Some(traced) = traced else { return Self { is_partial: true, ..Self::default() } };
        Self {
            first: traced.first.unwrap_or(0),
            least: traced.least,
            worst: traced.most,
            entries: traced.entries.map(u64::from),
            is_partial: false,
        }
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

    fn join(&mut self, other: &Self, join: impl Fn(u64, u64) -> u64) {
        self.first = self.first.max(other.first);
        self.least = match (self.least, other.least) {
            (0, least) | (least, 0) => least,
            (a, b) => a.min(b),
        };
        self.worst = self.worst.max(other.worst);
        for (own, &other) in self.entries.iter_mut().zip(&other.entries) {
            *own = join(*own, other);
        }
        self.is_partial |= other.is_partial;
    }
}

impl From<Written> for Spread {
    fn from(written: Written) -> Self {
        let mut entries = [0; GROUPS];
        for (events, number) in written.entries {
            entries[Traced::group(events)] = number;
        }
        let Written { first, least, worst, is_partial, .. } = written;
        Self { first, least, worst, entries, is_partial }
    }
}

impl From<Spread> for Written {
    fn from(spread: Spread) -> Self {
        let groups = spread.entries.iter().enumerate().filter(|(_, entries)| **entries > 0);
        let entries = groups.map(|(group, &entries)| (Traced::events(group).0, entries)).collect();
        let Spread { first, least, worst, is_partial, .. } = spread;
        Self { first, least, worst, entries, is_partial }
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
        let is_known = |spread: &Spread| !spread.is_partial && spread.with_events() > 0;
        if of == 0 || region.is_partial || stacks.is_empty() || !stacks.iter().all(is_known) {
            return None;
        }
        let least = stacks.iter().map(Spread::with_events).max()?;
        let most = stacks.iter().fold(0, |sum: u64, spread| sum.saturating_add(spread.with_events())).min(of);
        let usual = match stacks {
            [one] => Some(Usual { first: one.first, median: one.median(of), worst: one.worst }),
            _ => None,
        };
        Some(Self { least, most, of, usual })
    }

    /// Of the region itself.
    #[must_use]
    pub fn of_region(region: &Spread) -> Option<Self> {
        let (of, with) = (region.all(), region.with_events());
        let usual = Usual { first: region.first, median: region.median(of), worst: region.worst };
        (of > 0 && !region.is_partial).then_some(Self { least: with, most: with, of, usual: Some(usual) })
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
        Some(match usual {
            Some(Usual { first, median, worst }) => {
                format!("{with}: {first} in the first, median {median}, worst {worst}")
            }
            None => with,
        })
    }
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
        let partial = Spread { is_partial: true, ..spread(&[1]) };
        assert_eq!(words(&[1, 1], &[partial]), "");
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
}
