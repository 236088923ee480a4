//! Opening regions, permits, and what only counts.

use core::panic::Location;

use super::head::Head;
use super::push::{add, in_no_region, push};
use super::record::{Kind, Serial};
use super::spending::{Caps, Used};
use super::step::{self, Done};
use super::table::{self, Table};
use super::trace::regions::{Opening, opened};
use super::{base, budget, calls, end, trace, word};
use crate::model::{Budget, Calls, High, Place, RegionKind};

/// What a region's record is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// What it sets in the word.
    pub(crate) flags: i64,
    /// How far its budget goes, where the flags have one.
    pub(crate) caps: Caps,
    /// The loan through which another thread shares that.
    pub(crate) shared: Head,
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
        let row = opened(Kind::Plain, Opening::Region(RegionKind::Plain));
        let added = add(table, Kind::Plain, row, |_, record| {
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
    let row = opened(Kind::Manual, Opening::Region(RegionKind::Manual));
    push(Kind::Manual, row, |_, record| record.set_location(location))
}

/// A region under rules.
pub(crate) fn ruled(kind: Kind, place: Place, rules: &Rules, opening: Opening) -> Serial {
    let allowed = rules.allowed();
    push(kind, opened(kind, opening), |table, record| {
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
    push(Kind::Permit, in_no_region, |table, record| {
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
    let serial = push(kind, in_no_region, |table, record| {
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
                record.shared.set(Head::NONE);
                record.allowed.set(allowed);
                record.calls.set(budget.calls);
                record.figure.set(0);
            }
        }
    });
    if serial.is_none() && kind.is_closure() {
        // That copy does not end what has no record here.
        let _ = table::with(Table::underflow);
    }
    serial
}

/// What measures otherwise, or hides from what does: it sets these flags and nothing else.
pub(crate) fn measuring(kind: Kind, flags: i64) -> Serial {
    push(kind, in_no_region, |_, record| record.flags.set(flags))
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
    push(Kind::Counting, in_no_region, |_, record| {
        record.flags.set(if calls { word::COUNTING | word::CALLS } else { word::COUNTING });
        record.allowed.set(allowed);
        record.set_high(high);
    })
}
