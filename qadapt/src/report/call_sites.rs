//! What the calls of counted functions asked of the allocator, call site by call site.

use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;

use qadapt_spin::Lock;

use super::sink;
use crate::hot::own_work;
use crate::model::{Counts, Place};

/// The function's place and name, and the caller's place. Functions that a macro writes have one place.
type Site = ((&'static str, u32, u32), [usize; 2], (&'static str, u32, u32));

#[derive(Debug)]
struct Calls {
    place: Place,
    caller: &'static Location<'static>,
    times: u64,
    counts: Counts,
}

static SITES: Lock<BTreeMap<Site, Calls>> = Lock::new(BTreeMap::new());

/// Attempts to take the lock, which is held for one insertion; a call that fails is [lost](LOST).
const PATIENCE: u32 = 100_000;

/// Calls that are missing from the table. Relaxed: it is a count.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Adds one call.
pub(crate) fn add(place: Place, caller: &'static Location<'static>, counts: Counts) {
    own_work::as_own_work(|| {
        let Some(mut sites) = SITES.lock_within(PATIENCE) else {
            LOST.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let site = (key_of(place.location), place.name.identity(), key_of(caller));
        let calls =
            sites.entry(site).or_insert_with(|| Calls { place, caller, times: 0, counts: Counts::NOTHING });
        calls.times += 1;
        calls.counts += counts;
    });
}

/// Hands out what the calls from each call site were so far. Called as own work.
#[cfg(feature = "process-counts")]
pub(super) fn for_each(mut each: impl FnMut(Place, u64, Counts)) {
    for calls in SITES.lock_within(PATIENCE).iter().flat_map(|sites| sites.values()) {
        each(calls.place, calls.times, calls.counts);
    }
}

/// Reports every call site, in the order of the source. Called as own work, at the process's end.
pub(super) fn report() {
    let sites = SITES.lock_within(PATIENCE).map(|mut sites| std::mem::take(&mut *sites));
    if sites.is_none() {
        sink::send(
            "qadapt: the calls of counted functions are lost: a thread that is gone holds their table\n",
        );
    }
    let lost = LOST.swap(0, Ordering::Relaxed);
    if lost > 0 {
        sink::send(&format!("qadapt: calls of counted functions missing from the lines below: {lost}\n"));
    }
    for calls in sites.unwrap_or_default().into_values().filter(|calls| calls.times > 0) {
        let Calls { place, caller, times, counts } = calls;
        let name = place.name;
        let unit = if times == 1 { "once" } else { "times" };
        let number = if times == 1 { String::new() } else { format!("{times} ") };
        sink::send(&format!("qadapt: `{name}` called {number}{unit} at {caller}: {counts}"));
    }
}

/// In a forked child: the calls so far are its parent's to report. What the table holds is kept, since freeing it is not
/// for a forked child to do.
pub(super) fn forget() {
    LOST.store(0, Ordering::Relaxed);
    if let Some(mut sites) = SITES.try_lock() {
        for calls in sites.values_mut() {
            calls.times = 0;
            calls.counts = Counts::NOTHING;
        }
    }
}

fn key_of(location: &'static Location<'static>) -> (&'static str, u32, u32) {
    (location.file(), location.line(), location.column())
}
