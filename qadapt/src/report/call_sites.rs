//! What the calls of counted functions asked of the allocator, call site by call site.

use core::panic::Location;
use std::collections::BTreeMap;

use qadapt_spin::Lock;

use super::sink;
use crate::hot::word;
use crate::model::{Counts, Place, Tally};

/// The function's place and the caller's.
type Site = ((&'static str, u32, u32), (&'static str, u32, u32));

#[derive(Debug)]
struct Calls {
    place: Place,
    caller: &'static Location<'static>,
    times: u64,
    counts: Counts,
}

static SITES: Lock<BTreeMap<Site, Calls>> = Lock::new(BTreeMap::new());

/// Attempts to take the lock, which is held for one insertion; a call that fails is left out of the report.
const PATIENCE: u32 = 100_000;

/// Adds one call.
pub(crate) fn add(place: Place, caller: &'static Location<'static>, counts: Counts) {
    word::as_own_work(|| {
        let Some(mut sites) = SITES.lock_within(PATIENCE) else { return };
        let calls = sites.entry((key_of(place.location), key_of(caller))).or_insert_with(|| Calls {
            place,
            caller,
            times: 0,
            counts: Counts::measured(Tally::NOTHING),
        });
        calls.times += 1;
        calls.counts = calls.counts.followed_by(counts);
    });
}

/// Reports every call site, in the order of the source. Called as own work, at the process's end.
pub(super) fn report() {
    let Some(mut sites) = SITES.lock_within(PATIENCE) else { return };
    for calls in std::mem::take(&mut *sites).into_values() {
        let Calls { place, caller, times, counts } = calls;
        let name = place.name;
        let unit = if times == 1 { "once" } else { "times" };
        let number = if times == 1 { String::new() } else { format!("{times} ") };
        sink::send(&format!("qadapt: `{name}` called {number}{unit} at {caller}: {counts}"));
    }
}

fn key_of(location: &'static Location<'static>) -> (&'static str, u32, u32) {
    (location.file(), location.line(), location.column())
}
