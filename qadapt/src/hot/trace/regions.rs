//! Regions as they open: their rows in the trace, and how often each was entered.

use core::ptr;

use qadapt_spin::Key;
use qadapt_trace::{NewRegion, RegionKind, RegionNumber};

use super::super::announce::Line;
use super::super::record::{Kind, Record, Serial};
use super::super::{copies, dispatch, word};
use super::current::{self, Trace};
use super::{chain, thread};
use crate::model::Place;
use crate::sys;

/// What opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Region(RegionKind),
    /// A region of another thread that lent its policy; none if the trace has no row for it.
    Lent(Option<RegionNumber>),
    /// What the trace has no row for: permits, what only counts, a policy without any rule.
    Nothing,
}

/// The row of what opens so, where there is one. A region is entered once more.
#[inline(always)]
pub(in super::super) fn opened(
    kind: Kind,
    opening: Opening,
) -> impl FnOnce(&Trace, &Record) -> Option<RegionNumber> {
    move |trace, record| open(trace, record, kind, opening)
}

#[cold]
#[inline(never)]
fn open(trace: &Trace, record: &Record, kind: Kind, opening: Opening) -> Option<RegionNumber> {
    match opening {
        Opening::Region(region) => {
            record.place_as(kind).and_then(|place| count_entry(trace, record, place, region))
        }
        Opening::Lent(number) => {
            if let Some(number) = number.filter(|_| disallows_calls(record) && !sees_calls(false)) {
                trace.count_unwatched(number);
            }
            number
        }
        Opening::Nothing => None,
    }
}

/// The newest record that counts with this serial counts what a place does: it disallows nothing, and its region is none
/// that an event belongs to.
pub(crate) fn counts_at(serial: Serial, place: Place) {
    let Some(trace) = current::active() else { return };
    chain::becomes(serial, |record| count_entry(trace, record, place, RegionKind::Counting));
}

/// Finds the region's row, and counts the entry.
fn count_entry(trace: &Trace, record: &Record, place: Place, kind: RegionKind) -> Option<RegionNumber> {
    let [start, length] = place.name.identity();
    let identity = [start, length, ptr::from_ref(place.location).addr(), thread::identity()];
    let key = Key::of(kind as u64, &identity).get().get();
    let number = trace.known_region(key).or_else(|| add(trace, key, place, kind))?;
    let entries = trace.enter(number);
    record.traced.is_first.set(entries == 1);
    // To ask the kernel takes microseconds: the first entry does, and later ones seldom.
    if disallows_calls(record) && !sees_calls(entries.is_power_of_two()) {
        trace.count_unwatched(number);
    }
    Some(number)
}

/// True for a region that disallows system calls.
fn disallows_calls(record: &Record) -> bool {
    record.flags.get() & word::CALLS != 0
}

/// True if this thread's system calls are seen, as far as the guard knows; or by what the kernel says, if it `asks` that.
fn sees_calls(asks: bool) -> bool {
    let own = || sys::calls::is_watched() && (!asks || dispatch::asks_kernel());
    copies::watch_calls(asks).unwrap_or_else(own)
}

/// Adds a region to the trace.
#[cold]
fn add(trace: &Trace, key: u64, place: Place, kind: RegionKind) -> Option<RegionNumber> {
    let mut name = Line::new();
    place.name.for_each_piece(|piece| {
        name.text(piece.as_bytes());
    });
    thread::with_name(|thread| {
        trace.region(&NewRegion {
            key,
            kind,
            name: name.so_far(),
            thread,
            file: place.location.file().as_bytes(),
            line: place.location.line(),
            column: place.location.column(),
        })
    })
}
