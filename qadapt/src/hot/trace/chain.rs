//! The regions that are open on this thread, as the trace sees them.
//!
//! Each record says which region it is in the trace, and where outwards of it the next region is that events are counted in:
//! so that an event visits each distinct open region once, however deep a recursion is. A region that is open
//! further out already is counted there.
//!
//! ```text
//!              f       g       f        permit     h
//!            +-------+-------+--------+----------+-------+
//! counts in  | f     | g -> f| g -> f | g -> f   | h -> g -> f
//! permitted  |       |       |        | g, f     |   g, f
//!            +-------+-------+--------+----------+-------+
//! ```

use core::cell::Cell;
use core::sync::atomic::Ordering;

use qadapt_spin::Key;
use qadapt_trace::{Event, RegionNumber};

use super::super::record::{Kind, Record, Serial};
use super::super::table::{self, Table};
use super::super::word;
use super::current::{self, Trace};

thread_local! {
    /// Bytes that this thread has asked for less those that it gave back; may be negative.
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

/// A record opens at a place in the table; `below` is the one under it. Nothing where no trace is written; else `row` says which
/// region of the trace it is.
#[inline(always)]
pub(in super::super) fn enter(
    table: &Table,
    record: &Record,
    kind: Kind,
    index: usize,
    below: Option<&Record>,
    row: impl FnOnce(&Trace, &Record) -> Option<RegionNumber>,
) {
    if let Some(trace) = current::active() {
        enter_traced(table, record, kind, index, below, row(trace, record));
    }
}

#[cold]
#[inline(never)]
fn enter_traced(
    table: &Table,
    record: &Record,
    kind: Kind,
    index: usize,
    below: Option<&Record>,
    number: Option<RegionNumber>,
) {
    begin(record, number);
    link(table, record, kind, index, below);
}

/// What the trace keeps of an entry of this region, at its beginning.
fn begin(record: &Record, number: Option<RegionNumber>) {
    let traced = &record.traced;
    traced.number.set(number.map_or(0, code));
    traced.entry.set(LIVE.try_with(Cell::get).unwrap_or(0));
    traced.events.set(0);
    traced.visits.store(0, Ordering::Relaxed);
}

/// The newest record with this serial is a region of the trace from now on: `row` says which.
pub(super) fn becomes(serial: Serial, row: impl FnOnce(&Record) -> Option<RegionNumber>) {
    let _ = table::with(|table| {
        let found = table.find(|record| record.serial() == serial)?;
        let record = table.record(found)?;
        begin(record, row(record));
        link(table, record, record.kind(), found, table.below(found));
        Some(())
    });
}

/// The record at a place is about to end.
#[inline(always)]
pub(in super::super) fn leave(table: &Table, index: usize) {
    if current::is_on() {
        leave_traced(table, index);
    }
}

#[cold]
#[inline(never)]
fn leave_traced(table: &Table, index: usize) {
    let Some(record) = table.record(index) else { return };
    let code = record.traced.number.get();
    let Some(region) = number(code) else { return };
    let traced = &record.traced;
    if traced.counts.get() != place_of(index) {
        if let Some(counted) = instance(table, table.below(index), code) {
            // What was left out meanwhile stays so.
            let lowest = &counted.traced.lowest;
            let left_out = lowest.get().wrapping_sub(traced.lowest.get().min(traced.entry.get()));
            lowest.set(traced.lowest.get().wrapping_add(left_out));
        }
        return;
    }
    let Some(trace) = current::active() else { return };
    let is_first = record.traced.is_first.get();
    trace.leave(region, record.traced.events.get(), is_first);
    trace.settle(&record.traced.visits, record.serial().number(), is_first);
}

/// An event happened at this site of a region: notes it for the entry that is open, whose number it returns.
pub(super) fn visit(trace: &Trace, region: RegionNumber, site: u32) -> Option<u64> {
    table::with(|table| {
        let record = instance(table, table.top(), code(region))?;
        let entry = record.serial().number();
        let identity = [usize::try_from(entry).unwrap_or(0), site as usize];
        trace.visit(&record.traced.visits, entry, Key::of(0, &identity).get().get(), site);
        Some(entry & ENTRY)
    })
    .flatten()
}

/// The number of the region's entry that is open.
pub(super) fn entry(region: RegionNumber) -> Option<u64> {
    table::with(|table| Some(instance(table, table.top(), code(region))?.serial().number() & ENTRY)).flatten()
}

/// The bits of a serial that tell an entry from all that may still be meant.
const ENTRY: u64 = u64::MAX >> 16;

/// True if the entry with this number is open on this thread; the whole program's, 0, always is.
pub(super) fn is_open(entry: u64) -> bool {
    entry == 0
        || table::with(|table| table.find(|record| record.serial().number() & ENTRY == entry).is_some())
            .unwrap_or(false)
}

/// A record ended that was not on top: those above it have moved.
pub(in super::super) fn moved(table: &Table) {
    if !current::is_on() {
        return;
    }
    for index in 0..table.len() {
        if let Some(record) = table.record(index) {
            link(table, record, record.kind(), index, table.below(index));
        }
    }
}

/// Says in a record where its events count.
fn link(table: &Table, record: &Record, kind: Kind, index: usize, below: Option<&Record>) {
    let traced = &record.traced;
    let outer = below.map(|below| &below.traced);
    traced.innermost.set(outer.map_or(0, |outer| outer.innermost.get()));
    traced.counts.set(outer.map_or(0, |outer| outer.counts.get()));
    traced.through_permit.set(outer.is_some_and(|outer| outer.through_permit.get()));
    let number = traced.number.get();
    match kind {
        Kind::OwnWork | Kind::Hook | Kind::Raising => {
            traced.innermost.set(0);
            traced.counts.set(0);
            traced.through_permit.set(false);
        }
        Kind::Permit if below.is_none_or(|below| below.word() & word::FORBID == 0) => {
            traced.innermost.set(0);
            traced.through_permit.set(true);
        }
        _ if number != 0 => {
            let entry = traced.entry.get();
            if kind != Kind::Counting {
                traced.innermost.set(number);
            }
            if let Some(counted) = instance(table, below, number) {
                let lowest = counted.traced.lowest.get();
                traced.lowest.set(lowest);
                counted.traced.lowest.set(lowest.min(entry));
            } else {
                traced.counts.set(place_of(index));
                traced.through_permit.set(false);
                traced.lowest.set(entry);
            }
        }
        _ => {}
    }
}

/// The open record in which the events of a region are counted, from a record outwards.
fn instance<'a>(table: &'a Table, from: Option<&Record>, number: u32) -> Option<&'a Record> {
    let mut found = None;
    for_each(table, from, |record, _| {
        if record.traced.number.get() == number {
            found = Some(record);
        }
        found.is_none()
    });
    found
}

/// The innermost open region; none if there is none, or it has no row.
pub(crate) fn innermost() -> Option<RegionNumber> {
    if !current::is_on() {
        return None;
    }
    table::with(|table| table.top().and_then(|top| number(top.traced.innermost.get()))).flatten()
}

/// The region to which a disallowed event belongs: the innermost one, or the whole program; and counts it as
/// disallowed in every open region up to the innermost permit.
pub(super) fn disallow(trace: &Trace) -> Option<RegionNumber> {
    let mut permitted = false;
    let innermost = table::with(|table| {
        let top = table.top();
        permitted = for_each(table, top, |record, permitted| {
            let disallows = !permitted && record.kind() != Kind::Counting;
            if let Some(number) = number(record.traced.number.get()).filter(|_| disallows) {
                trace.count_disallowed(number);
            }
            !permitted
        });
        number(top?.traced.innermost.get())
    });
    if current::is_whole_program() && !permitted {
        trace.count_disallowed(RegionNumber::FIRST);
        return innermost.flatten().or(Some(RegionNumber::FIRST));
    }
    innermost.flatten()
}

/// Counts an event in every open region; further out than a permit, as permitted. False if none is open.
#[expect(clippy::cast_possible_wrap, reason = "no block is that large")]
pub(super) fn count(trace: &Trace, event: &Event) -> bool {
    let (asked, freed) = event.bytes();
    let change = (asked as i64).wrapping_sub(freed as i64);
    let live = LIVE.try_with(|live| {
        live.set(live.get().wrapping_add(change));
        live.get()
    });
    let live = live.unwrap_or(0);
    let mut any = false;
    let permitted = table::with(|table| {
        for_each(table, table.top(), |record, permitted| {
            let Some(number) = number(record.traced.number.get()) else {
                any = true;
                return true;
            };
            let is_counting = record.kind() == Kind::Counting;
            if is_counting && !is_counted_in(table, record) {
                record.traced.leave_out(change);
                return true;
            }
            any = true;
            // What counts takes no notice of permits.
            if permitted && !is_counting {
                trace.count_permitted(number, event);
                record.traced.leave_out(change);
                return true;
            }
            trace.count(number, event);
            record.traced.events.set(record.traced.events.get().wrapping_add(1));
            if let Ok(peak) = u64::try_from(live.wrapping_sub(record.traced.lowest.get())) {
                trace.raise_peak(number, peak);
            }
            true
        })
    });
    if current::is_whole_program() {
        any = true;
        if permitted.unwrap_or(false) {
            trace.count_permitted(RegionNumber::FIRST, event);
        } else {
            trace.count(RegionNumber::FIRST, event);
            trace.count_live(RegionNumber::FIRST, event);
        }
    }
    any
}

/// True if a counting record counts what happens now: nothing further in hides it, as `uncounted` does.
fn is_counted_in(table: &Table, record: &Record) -> bool {
    let mut place = table.len();
    while let Some(inner) = place.checked_sub(1).and_then(|index| table.record(index)) {
        if inner.serial() == record.serial() {
            return true;
        }
        if inner.kind() != Kind::Free && inner.word() & word::COUNTING == 0 {
            return false;
        }
        place -= 1;
    }
    false
}

/// True if a permit is open that no region inside it takes back.
pub(super) fn is_permitted() -> bool {
    table::with(|table| {
        table.top().is_some_and(|top| top.traced.innermost.get() == 0 && top.traced.through_permit.get())
    })
    .unwrap_or(false)
}

/// Visits the records in which events count, from one outwards, as long as `visit` returns true; it is told whether a
/// permit lies between. Returns whether one lies on the whole way that was gone.
fn for_each<'a>(
    table: &'a Table,
    from: Option<&Record>,
    mut visit: impl FnMut(&'a Record, bool) -> bool,
) -> bool {
    let Some(from) = from else { return false };
    let mut permitted = from.traced.through_permit.get();
    let mut place = from.traced.counts.get();
    while let Some(index) = (place as usize).checked_sub(1) {
        let Some(record) = table.record(index) else { break };
        if !visit(record, permitted) {
            break;
        }
        let Some(outer) = table.below(index) else { break };
        permitted |= outer.traced.through_permit.get();
        place = outer.traced.counts.get();
    }
    permitted
}

fn place_of(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(0)
}

fn code(number: RegionNumber) -> u32 {
    place_of(number.index())
}

fn number(code: u32) -> Option<RegionNumber> {
    code.checked_sub(1).map(RegionNumber::of)
}
