//! What each region of the process has done so far, for those who ask while it runs.

use core::panic::Location;
use std::collections::BTreeMap;

use qadapt_spin::Lock;

use super::call_sites;
use crate::model::{Counts, Place};

/// A region by its place in the source and its name.
type Key = (&'static str, u32, u32, [usize; 2]);

/// What is known of a region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) place: Place,
    pub(crate) violations: u64,
    pub(crate) lost: u64,
    /// The calls of a counted function that were measured; none of a region that does not count.
    pub(crate) calls: Option<(u64, Counts)>,
}

impl Totals {
    const fn of(place: Place) -> Self {
        // A future is one region, whichever poll it is in.
        Self { place: Place { poll: 0, ..place }, violations: 0, lost: 0, calls: None }
    }
}

/// The violations of each region. Counted functions are in [`call_sites`].
static VIOLATIONS: Lock<BTreeMap<Key, Totals>> = Lock::new(BTreeMap::new());

/// Attempts to take the lock, which is held for one insertion or for a copy of the map; on failure violations have no region.
const PATIENCE: u32 = 100_000;

/// Adds violations of a region that has closed, of which so many were lost. Called as own work.
pub(super) fn add(place: Place, violations: u64, lost: u64) {
    if let Some(mut regions) = VIOLATIONS.lock_within(PATIENCE) {
        let totals = regions.entry(key_of(place)).or_insert_with(|| Totals::of(place));
        totals.violations = totals.violations.saturating_add(violations);
        totals.lost = totals.lost.saturating_add(lost);
    }
}

/// The regions in the order of the source. Called as own work.
pub(crate) fn all() -> BTreeMap<Key, Totals> {
    let mut regions = VIOLATIONS.lock_within(PATIENCE).map(|regions| regions.clone()).unwrap_or_default();
    call_sites::for_each(|place, times, counts| {
        let calls = &mut regions.entry(key_of(place)).or_insert_with(|| Totals::of(place)).calls;
        let (before, sum) = calls.unwrap_or((0, Counts::NOTHING));
        *calls = Some((before.saturating_add(times), sum + counts));
    });
    regions
}

fn key_of(Place { name, location, .. }: Place) -> Key {
    let location: &'static Location<'static> = location;
    (location.file(), location.line(), location.column(), name.identity())
}
