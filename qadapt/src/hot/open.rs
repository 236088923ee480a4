//! Opening records.

use core::panic::Location;

use super::base;
use super::budget;
use super::copies;
use super::end;
use super::record::{Kind, Record, Serial};
use super::setting;
use super::spending::{Caps, Used};
use super::step::{self, Done};
use super::table::{self, ROOM, Table};
use super::trace::chain::{self, Opening};
use super::{calls, trace, word};
use crate::model::{Budget, Calls, High, Place, RegionKind};

/// Records that only own work may take: what is said of a full table needs some.
const RESERVED: usize = 64;

/// What a region's record is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// What it sets in the word.
    pub(crate) flags: i64,
    /// How far its budget goes, where the flags have one.
    pub(crate) caps: Caps,
    /// The loan through which another thread shares that.
    pub(crate) shared: super::head::Head,
    /// The system calls that it allows, where the flags have them disallowed.
    pub(crate) allowed: Calls,
    /// How many others it allows: [`Budget::calls`].
    pub(crate) calls: u32,
    /// Requests until one is refused, where the flags say so.
    pub(crate) countdown: u64,
}

impl Rules {
    /// The system calls that the region allows, with what it interrupts: whatever is at work there makes no call in it.
    fn allowed(&self) -> Calls {
        let is_interrupting = word::is_interrupted(word::get() & !word::SILENT);
        if is_interrupting { self.allowed.interrupting() } else { self.allowed }
    }
}

/// Opens a record; its serial, or none where there is no room. `fill` adds to it what its kind needs.
#[inline(always)]
pub(super) fn push(kind: Kind, opening: Opening, fill: impl Fn(&Table, &Record)) -> Serial {
    let pushed = table::with(|table| {
        let word = word::get();
        // A thread of a traced process has no free word.
        if word::is_free(word) {
            return table.push_first(word, kind, |record| fill(table, record));
        }
        let newest = table.push_newest(kind, |record| fill(table, record));
        newest.unwrap_or_else(|| further(table, kind, opening, fill))
    });
    pushed.unwrap_or(Serial::NONE)
}

#[inline(never)]
fn further(table: &Table, kind: Kind, opening: Opening, fill: impl FnOnce(&Table, &Record)) -> Serial {
    let outer = step::begin(table, Done::Nothing);
    end::moved(table, outer);
    let Some(record) = add(table, kind, opening, fill) else {
        step::finish(table, outer);
        return Serial::NONE;
    };
    step::finish_under(record.word(), outer);
    record.serial()
}

#[inline(always)]
fn add(table: &Table, kind: Kind, opening: Opening, fill: impl FnOnce(&Table, &Record)) -> Option<&Record> {
    let is_own = matches!(kind, Kind::OwnWork | Kind::Hook | Kind::Raising);
    if !is_own && table.len() >= ROOM - RESERVED {
        return no_room(table, kind);
    }
    let record = table.push(kind, |record, index, below| {
        fill(table, record);
        chain::enter(table, record, kind, index, below, opening);
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
    None
}

/// A plain region was added to the word, where records are open, none of them with a budget, and nothing is asked for; false if that
/// is not so: see [`plain`].
#[inline(always)]
pub(crate) fn newest_plain(key: usize, place: Place) -> bool {
    let pushed = table::with(|table| {
        table.push_newest_without_budget(Kind::Plain, |record| {
            record.key.set(key);
            record.set_place(place);
        })
    });
    pushed.flatten().is_some()
}

/// The same with a budget or without.
pub(crate) fn newest_plain_in_budget(key: usize, place: Place) -> bool {
    let pushed = table::with(|table| {
        table.push_newest(Kind::Plain, |record| {
            record.key.set(key);
            record.set_place(place);
        })
    });
    pushed.flatten().is_some()
}

/// A manual region opens where records are open, none of them with a budget, and nothing is asked for; false if that is not so.
#[inline(always)]
pub(crate) fn newest_manual(location: &'static Location<'static>) -> bool {
    let pushed = table::with(|table| {
        table.push_newest_without_budget(Kind::Manual, |record| record.set_location(location))
    });
    pushed.flatten().is_some()
}

/// A plain region was added to the word, which is negative: `key` is the address of its frame. It gets a record if there is
/// a reason for one, or it `must` have one. False where there is no room.
pub(crate) fn plain(key: usize, place: Place, must: bool) -> bool {
    table::with(|table| {
        let outer = step::begin(table, Done::Raised);
        if !must && !outer.is_interrupted() && table.len() == 0 && !step::is_asked_for(table) {
            base::add_level(table);
            step::finish_idle(table, outer);
            return true;
        }
        end::moved(table, outer);
        let added = add(table, Kind::Plain, Opening::Region(RegionKind::Plain), |_, record| {
            record.key.set(key);
            record.set_place(place);
        });
        step::finish(table, outer);
        added.is_some()
    })
    .unwrap_or(true)
}

/// `enter_protected` where nothing is open that has a record; false if that is not so.
#[inline(always)]
pub(crate) fn only_manual(location: &'static Location<'static>) -> bool {
    let word = word::get();
    word::is_free(word)
        && table::with(|table| {
            table.push_first(word, Kind::Manual, |record| record.set_location(location));
        })
        .is_some()
}

/// A guard's region without figures of its own, where nothing is open that has a record; `None` if that is not so.
#[inline(always)]
pub(crate) fn only_guard(place: Place, flags: i64) -> Option<Serial> {
    let word = word::get();
    if !word::is_free(word) {
        return None;
    }
    table::with(|table| {
        table.push_first(word, Kind::Guard, |record| {
            record.flags.set(flags);
            record.set_place(place);
        })
    })
}

/// `enter_protected`.
pub(crate) fn manual(location: &'static Location<'static>) -> Serial {
    push(Kind::Manual, Opening::Region(RegionKind::Manual), |_, record| record.set_location(location))
}

/// A region under rules.
pub(crate) fn ruled(kind: Kind, place: Place, rules: &Rules, opening: Opening) -> Serial {
    let allowed = rules.allowed();
    push(kind, opening, |table, record| {
        record.set_place(place);
        record.flags.set(rules.flags);
        record.own_caps.set(rules.caps);
        record.shared.set(rules.shared);
        record.allowed.set(allowed);
        record.calls.set(rules.calls);
        record.figure.set(i64::try_from(rules.countdown).unwrap_or(i64::MAX));
        if !rules.shared.is_empty() {
            table.is_sharing.set(true);
        }
    })
}

/// A permit.
pub(crate) fn permit() -> Serial {
    push(Kind::Permit, Opening::Nothing, |table, record| {
        // One that a region forbids is none.
        budget::keep_total(table, record, table.word() & word::FORBID == 0);
        record.flags.set(kept_in_permit(table));
    })
}

/// Whether this thread's calls are handed over in a permit that opens: where somebody counts them nevertheless.
#[inline(always)]
fn kept_in_permit(table: &Table) -> i64 {
    let calls = table.word() & word::CALLS;
    if calls != 0 && (trace::is_on() || calls::are_counted()) { calls } else { 0 }
}

/// What another copy of the guard has open: `budget` is what is left of its budget, where the flags have one.
pub(crate) fn for_guest(kind: Kind, flags: i64, budget: &Budget, allowed: Calls) -> Serial {
    let serial = push(kind, Opening::Nothing, |table, record| {
        record.clear_place();
        match kind {
            Kind::Permit => {
                budget::keep_total(table, record, table.word() & word::FORBID == 0);
                record.flags.set(kept_in_permit(table));
            }
            Kind::OwnWork | Kind::Hook | Kind::Raising => budget::keep_total(table, record, true),
            _ => {
                record.key.set(0);
                record.flags.set(flags);
                record.own_caps.set(Caps::of(budget, Used::NOTHING, table.total.get()));
                record.shared.set(super::head::Head::NONE);
                record.allowed.set(allowed);
                record.calls.set(budget.calls);
            }
        }
    });
    if serial.is_none() && kind.is_closure() {
        // That copy does not end what has no record here.
        let _ = table::with(Table::underflow);
    }
    serial
}

/// Own work, or a hook.
pub(super) fn work(kind: Kind) -> Serial {
    push(kind, Opening::Nothing, |table, record| budget::keep_total(table, record, true))
}

/// Own work in which this thread's calls are handed over.
pub(super) fn asking() -> Serial {
    push(Kind::OwnWork, Opening::Nothing, |table, record| {
        budget::keep_total(table, record, true);
        record.flags.set(word::CALLS);
    })
}

/// What measures otherwise, or hides from what does: it sets these flags and nothing else.
pub(crate) fn measuring(kind: Kind, flags: i64) -> Serial {
    push(kind, Opening::Nothing, |_, record| record.flags.set(flags))
}

/// What counts, where nothing is open that has a record; `None` if that is not so.
#[inline(always)]
pub(crate) fn only_counting() -> Option<Serial> {
    let word = word::get();
    if !word::is_free(word) {
        return None;
    }
    table::with(|table| table.push_first(word, Kind::Counting, |record| record.flags.set(word::COUNTING)))
}

/// What counts: `high` is what was the most until now. With `calls` it counts this thread's system calls too.
pub(crate) fn counting(high: High, calls: bool) -> Serial {
    // As a region does.
    let allowed = if word::is_interrupted(word::get() & !word::SILENT) {
        Calls::NONE.interrupting()
    } else {
        Calls::NONE
    };
    push(Kind::Counting, Opening::Nothing, |_, record| {
        record.flags.set(if calls { word::COUNTING | word::CALLS } else { word::COUNTING });
        record.allowed.set(allowed);
        record.set_high(high);
    })
}

/// Holds a list of loans of a closure that has no record.
pub(super) fn loans(head: super::head::Head) {
    push(Kind::Loan, Opening::Nothing, |_, record| record.loans.set(head));
}
