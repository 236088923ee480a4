//! How events spread over the entries of a region: in all of them, or in the first only.
//!
//! While an entry is open, what it did at each site is kept in a table of the writer's own, a visit for each site. The
//! entry has a list of them, and takes them into the sites' rows when it ends.

use core::mem::offset_of;

use crate::add::{add, raise};
use crate::bytes::{number, word};
use crate::format::{GROUPS, RegionNumber};
use crate::layout::{SpreadRow, Trace, VISITS, Visit};
use crate::primitive::{AtomicU32, Ordering};
use crate::room::Room;

/// Numbers of events that have a group of their own: 0 to this.
const EXACT: u64 = 8;

/// Places in which a visit is looked for.
const NEAR: usize = 8;

/// The value of `most` that says that something was left out.
const UNKNOWN: u64 = u64::MAX;

/// How events spread over entries. Of a region that is entered again inside itself, the outermost entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Events in the process's first entry of the region; none while that is open.
    pub first: Option<u64>,
    /// The fewest events in an entry that had some; 0 where none had.
    pub least: u64,
    /// The most events in one entry.
    pub most: u64,
    /// Entries that have ended, by [`group`](Self::group) of their events. Those of a site without events are not in it.
    pub entries: [u32; GROUPS],
}

impl Spread {
    /// The group of entries with so many events.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "it is one of a few")]
    pub const fn group(events: u64) -> usize {
        if events <= EXACT {
            return events as usize;
        }
        // 9 to 16, 17 to 32, and so on.
        let group = (events - 1).ilog2() as usize + 6;
        if group < GROUPS { group } else { GROUPS - 1 }
    }

    /// The fewest and the most events of a group's entries.
    #[must_use]
    pub const fn events(group: usize) -> (u64, u64) {
        if group as u64 <= EXACT {
            return (group as u64, group as u64);
        }
        let low = 1 << (group - 6);
        if group + 1 < GROUPS { (low + 1, low * 2) } else { (low + 1, u64::MAX) }
    }

    /// Reads one out of an entry; none if it is not there or not whole.
    pub(crate) fn parse(entry: &[u8], at: usize) -> Option<Self> {
        let most = number(entry, at + offset_of!(SpreadRow, most)).filter(|&most| most != UNKNOWN)?;
        let mut entries = [0; GROUPS];
        for (group, entries) in entries.iter_mut().enumerate() {
            *entries = word(entry, at + offset_of!(SpreadRow, entries) + group * size_of::<u32>())?;
        }
        Some(Self {
            first: number(entry, at + offset_of!(SpreadRow, first))?.checked_sub(1),
            least: number(entry, at + offset_of!(SpreadRow, least))?,
            most,
            entries,
        })
    }
}

// Relaxed below, where nothing else is said: as in `write`.

impl SpreadRow {
    /// Takes an entry in that has ended with so many events.
    fn take(&self, events: u64, is_first: bool) {
        if is_first {
            self.first.store(events.saturating_add(1), Ordering::Relaxed);
        }
        if events > 0 {
            let least = self.least.load(Ordering::Relaxed);
            if least == 0 || events < least {
                // Of two threads at once one may be left out, whose group has it.
                self.least.store(events, Ordering::Relaxed);
            }
            raise(&self.most, events);
        }
        if let Some(group) = self.entries.get(Spread::group(events)) {
            if group.load(Ordering::Relaxed) < u32::MAX {
                group.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Says that something was left out.
    pub(crate) fn lose(&self) {
        raise(&self.most, UNKNOWN);
    }
}

impl<R: Room> Trace<R> {
    /// An entry of a region ends that had so many events; `is_first` if it was the process's first of that region.
    pub fn leave(&self, region: RegionNumber, events: u64, is_first: bool) {
        if let Some(row) = self.regions.get(region.index()) {
            row.spread.take(events, is_first);
        }
    }

    /// Counts an event at a site for an open entry, whose visits begin with `list`. `entry` tells it from all others that
    /// are open, and `key` the entry and the site from all others.
    pub fn visit(&self, list: &AtomicU32, entry: u64, key: u64, site: u32) {
        let visits = &self.own.visits;
        let start = usize::try_from(key >> 32).unwrap_or(0);
        let near = || (0..NEAR).filter_map(|step| visits.get((start + step) % VISITS));
        if let Some(known) = near().find(|visit| visit.key.load(Ordering::Relaxed) == key) {
            add::<R>(&known.count, 1);
            return;
        }
        for step in 0..NEAR {
            let index = (start + step) % VISITS;
            let Some(visit) = visits.get(index) else { break };
            // Acquire pairs with the Release in `settle`: whose it was has read it.
            if visit.key.compare_exchange(0, key, Ordering::Acquire, Ordering::Relaxed).is_err() {
                continue;
            }
            visit.entry.store(entry, Ordering::Relaxed);
            visit.site.store(site, Ordering::Relaxed);
            add::<R>(&visit.count, 1);
            let number = u32::try_from(index + 1).unwrap_or(0);
            let mut next = list.load(Ordering::Relaxed);
            // Only a signal handler of this thread comes between.
            loop {
                visit.next.store(next, Ordering::Relaxed);
                match list.compare_exchange(next, number, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return,
                    Err(now) => next = now,
                }
            }
        }
        if let Some(row) = self.sites.get(site as usize) {
            row.spread.lose();
        }
    }

    /// The entry ends: takes its visits into the sites' rows.
    pub fn settle(&self, list: &AtomicU32, entry: u64, is_first: bool) {
        let mut number = list.swap(0, Ordering::Relaxed);
        // Each visit is in one list.
        for _ in 0..VISITS {
            let index = (number as usize).checked_sub(1);
            let Some(visit) = index.and_then(|index| self.own.visits.get(index)) else { return };
            // A forked child inherits lists, and has no visits.
            if visit.entry.load(Ordering::Relaxed) != entry || visit.key.load(Ordering::Relaxed) == 0 {
                return;
            }
            number = visit.next.load(Ordering::Relaxed);
            if let Some(row) = self.sites.get(visit.site.load(Ordering::Relaxed) as usize) {
                row.spread.take(visit.count.load(Ordering::Relaxed), is_first);
            }
            visit.free();
        }
    }
}

impl Visit {
    fn free(&self) {
        self.count.store(0, Ordering::Relaxed);
        self.entry.store(0, Ordering::Relaxed);
        // Release pairs with the Acquire in `visit`.
        self.key.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{At, Event, NewRegion, Op, RegionKind};

    #[test]
    fn every_number_of_events_has_its_group() {
        for events in (0..5000).chain([1 << 19, (1 << 19) + 1, 1 << 20, 1 << 40, u64::MAX]) {
            let group = Spread::group(events);
            let (low, high) = Spread::events(group);
            assert!(
                group < GROUPS && (low..=high).contains(&events),
                "{events}: {group} has {low} to {high}"
            );
        }
        assert_eq!((Spread::events(8), Spread::events(9), Spread::events(10)), ((8, 8), (9, 16), (17, 32)));
    }

    static TRACE: Trace = Trace::new();

    #[test]
    fn entries_are_told_apart_by_site() {
        TRACE.begin(1, 0, 0, b"program");
        let new = NewRegion {
            key: 7,
            kind: RegionKind::Plain,
            name: b"",
            thread: b"",
            file: b"a.rs",
            line: 1,
            column: 1,
        };
        let region = TRACE.region(&new).expect("there is room");
        let event = Event { op: Op::Alloc, size: 8, old_size: 0, failed: false };
        let at = At { region, stack: None };
        let site = |key| TRACE.site(key, at, &event, 8, 1).expect("there is room");
        let (a, b) = (site(1), site(2));
        // Two entries at once: three events at one site and one at the other, and two events of the other entry.
        let (one, two) = (AtomicU32::new(0), AtomicU32::new(0));
        for (list, entry, site) in
            [(&one, 1, a), (&two, 2, a), (&one, 1, b), (&one, 1, a), (&two, 2, a), (&one, 1, a)]
        {
            TRACE.visit(list, entry, (entry << 40) | (u64::from(site) + 1), site);
        }
        TRACE.settle(&one, 1, true);
        TRACE.settle(&two, 2, false);
        TRACE.leave(region, 4, true);
        TRACE.leave(region, 2, false);
        TRACE.leave(region, 0, false);
        let spread = |row: &SpreadRow| {
            let first = row.first.load(Ordering::Relaxed).checked_sub(1);
            let groups: [u32; 5] = core::array::from_fn(|group| row.entries[group].load(Ordering::Relaxed));
            (first, row.least.load(Ordering::Relaxed), row.most.load(Ordering::Relaxed), groups)
        };
        assert_eq!(spread(&TRACE.sites[a as usize].spread), (Some(3), 2, 3, [0, 0, 1, 1, 0]));
        assert_eq!(spread(&TRACE.sites[b as usize].spread), (Some(1), 1, 1, [0, 1, 0, 0, 0]));
        assert_eq!(spread(&TRACE.regions[region.index()].spread), (Some(4), 2, 4, [1, 0, 1, 0, 1]));
        assert!(
            TRACE.own.visits.iter().all(|visit| visit.key.load(Ordering::Relaxed) == 0),
            "all are free again"
        );
    }
}
