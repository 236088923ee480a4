//! Opening a record in the thread's table, of whatever kind.

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::step::{self, Done};
use super::table::{self, ROOM_FOR_REGIONS, Table};
use super::trace::{Trace, chain};
use super::{budget, copies, end, setting, word};
use crate::model::RegionNumber;

/// The row of what is no region of the trace.
pub(super) fn in_no_region(_: &Trace, _: &Record) -> Option<RegionNumber> {
    None
}

/// Opens a record; its serial, or none where there is no room. `fill` adds to it what its kind needs. Where a trace is written, `row`
/// says which region of it that is.
#[inline(always)]
pub(super) fn push(
    kind: Kind,
    row: impl FnOnce(&Trace, &Record) -> Option<RegionNumber>,
    fill: impl Fn(&Table, &Record),
) -> Serial {
    let pushed = table::with(|table| {
        let word = word::get();
        // A thread of a traced process has no free word.
        if word::is_free(word) {
            return table.push_first(word, kind, |record| fill(table, record));
        }
        let newest = table.push_newest(kind, |record| fill(table, record));
        newest.unwrap_or_else(|| further(table, kind, row, fill))
    });
    pushed.unwrap_or(Serial::NONE)
}

#[inline(never)]
fn further(
    table: &Table,
    kind: Kind,
    row: impl FnOnce(&Trace, &Record) -> Option<RegionNumber>,
    fill: impl FnOnce(&Table, &Record),
) -> Serial {
    let outer = step::begin(table, Done::Nothing);
    end::moved(table, outer);
    let Some(record) = add(table, kind, row, fill) else {
        step::finish(table, outer);
        return Serial::NONE;
    };
    step::finish_under(record.word(), outer);
    record.serial()
}

/// The same where a step is under way: the record, or none.
#[inline(always)]
pub(super) fn add(
    table: &Table,
    kind: Kind,
    row: impl FnOnce(&Trace, &Record) -> Option<RegionNumber>,
    fill: impl FnOnce(&Table, &Record),
) -> Option<&Record> {
    let is_own = matches!(kind, Kind::OwnWork | Kind::Hook | Kind::Raising);
    if !is_own && table.len() >= ROOM_FOR_REGIONS {
        return no_room(table, kind);
    }
    let record = table.push(kind, |record, index, below| {
        fill(table, record);
        chain::enter(table, record, kind, index, below, row);
    });
    let Some(record) = record else { return no_room(table, kind) };
    if setting::is_guest() {
        copies::open(record);
    }
    Some(record)
}

#[cold]
#[inline(never)]
fn no_room(table: &Table, kind: Kind) -> Option<&Record> {
    if kind.is_closure() {
        table.overflow();
    }
    if kind == Kind::Manual {
        table.leave_unnoted();
    }
    None
}

/// Own work, or a hook.
pub(super) fn work(kind: Kind) -> Serial {
    push(kind, in_no_region, |table, record| budget::keep_total(table, record, true))
}

/// Own work in which this thread's calls are handed over.
pub(super) fn asking() -> Serial {
    push(Kind::OwnWork, in_no_region, |table, record| {
        budget::keep_total(table, record, true);
        record.flags.set(word::CALLS);
    })
}

/// Holds a list of loans of a closure that has no record.
pub(super) fn loans(head: Head) {
    push(Kind::Loan, in_no_region, |_, record| record.loans.set(head));
}
