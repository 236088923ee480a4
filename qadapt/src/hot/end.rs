//! Ending what is open: each thing ends its own record, wherever that is.

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::step::{self, Done, Outer};
use super::table::{self, Table};
use super::trace::chain;
use super::{base, budget, copies, loan, moved, pending, setting, word};
use crate::model::Place;

/// What ended.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) struct Ended {
    /// Whose violations are to be reported now: the record's, or [`Serial::NONE`] for a closure without one.
    pub(crate) serial: Serial,
    /// What it had lent.
    pub(crate) loans: Head,
    /// A guard that was left open inside and ended with it.
    pub(crate) left: Option<Place>,
    /// Nothing may be said here: this is a signal handler that interrupted QADAPT or an allocator.
    pub(crate) quiet: bool,
    /// It was opened on another thread.
    pub(crate) foreign: bool,
    /// A permit that a region forbids: what is pending stays with that region.
    pub(crate) is_void: bool,
    /// What is open further in.
    pub(crate) inner: Inner,
}

/// What a guard leaves open that was entered later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    Nothing,
    Guard,
    Closure,
}

impl Ended {
    const NOTHING: Self = {
        Self {
            serial: Serial::NONE,
            loans: Head::NONE,
            left: None,
            quiet: false,
            foreign: false,
            is_void: false,
            inner: Inner::Nothing,
        }
    };
}

/// Ends the newest record if it is this and there is nothing to say or to settle: the way of all that nests.
#[inline(always)]
fn pop_quietly(table: &Table, is_it: impl Fn(&Record) -> bool) -> bool {
    pop_only_quietly(table, &is_it) || table.pop_newest(is_it)
}

/// The same, if no other record is open.
#[inline(always)]
fn pop_only_quietly(table: &Table, is_it: impl Fn(&Record) -> bool) -> bool {
    let Some(only) = table.only(is_it) else { return false };
    table.pop_only(only);
    true
}

/// A plain region was taken off the word, which is negative. True if it had a record, on top, and there is nothing to say.
#[inline(always)]
pub(crate) fn newest_plain(key: usize) -> bool {
    table::with(|table| pop_quietly(table, |record| is_plain(record, key))).unwrap_or(true)
}

#[inline(always)]
fn is_plain(record: &Record, key: usize) -> bool {
    record.kind() == Kind::Plain && record.key.get() == key
}

/// A plain region was taken off the word, and [`newest_plain`] could not end it.
pub(crate) fn plain(key: usize) -> Ended {
    table::with(|table| {
        step::run(table, Done::Lowered, |outer| {
            if let Some(index) = table.find(|record| is_plain(record, key)) {
                return closure(table, index, outer);
            }
            let ended = fast(table, outer, base::end_level);
            if ended.foreign {
                moved::leave_plain(key);
            }
            ended
        })
    })
    .unwrap_or(Ended::NOTHING)
}

/// Ends a closure's record. `None` where nothing is to be said.
#[inline(always)]
pub(crate) fn record(serial: Serial) -> Option<Ended> {
    let popped = table::with(|table| pop_quietly(table, |record| record.serial() == serial));
    if popped.unwrap_or(true) { None } else { Some(record_slowly(serial)) }
}

#[cold]
#[inline(never)]
pub(crate) fn record_slowly(serial: Serial) -> Ended {
    table::with(|table| {
        step::run(table, Done::Nothing, |outer| {
            if let Some(index) = table.find(|record| record.serial() == serial) {
                return closure(table, index, outer);
            }
            // One for which there was no room, or which another thread has.
            let foreign = !table.underflow();
            if foreign {
                leave_elsewhere(table, serial);
            }
            Ended { foreign, quiet: outer.is_interrupted(), ..Ended::NOTHING }
        })
    })
    .unwrap_or(Ended::NOTHING)
}

/// Ends a policy's closure that has no record: `flags` is what it set in the word, `before` what the word was before.
pub(crate) fn policy(before: i64, flags: i64) -> Ended {
    table::with(|table| {
        step::run(table, Done::Nothing, |outer| {
            fast(table, outer, |table| base::end_policy(table, flags & !before))
        })
    })
    .unwrap_or(Ended::NOTHING)
}

/// Ends a permit's closure that has no record: `before` is what the word was before, which the permit has hidden.
pub(crate) fn permit(before: i64) -> Ended {
    table::with(|table| {
        step::run(table, Done::Nothing, |outer| {
            fast(table, outer, |table| {
                base::end_permit(table, before);
                true
            })
        })
    })
    .unwrap_or(Ended::NOTHING)
}

/// What became of a region that is ended by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ByHand {
    /// Something else has ended it, or it was never there.
    Gone,
    /// It ended, and there is nothing to say.
    Quietly,
    Ended(Ended, Option<Place>),
}

/// Ends a guard's record if that is all that is open; false if that is not so, or there is something to say.
#[inline(always)]
pub(crate) fn only_guard(serial: Serial) -> bool {
    table::with(|table| pop_only_quietly(table, |record| record.serial() == serial)).unwrap_or(true)
}

/// Ends a guard's record, wherever it is.
#[inline(always)]
pub(crate) fn guard(serial: Serial) -> ByHand {
    let is_it = |record: &Record| record.serial() == serial;
    let ended = by_hand(is_it, is_it);
    if let ByHand::Gone = ended {
        let _ = table::with(|table| leave_elsewhere(table, serial));
    }
    ended
}

/// Ends the manual region that is all that is open; false if that is not so, or there is something to say.
#[inline(always)]
pub(crate) fn only_manual() -> bool {
    table::with(|table| pop_only_quietly(table, |record| record.kind() == Kind::Manual)).unwrap_or(true)
}

/// Ends the manual region that is on top of other records; false if that is not so, or there is something to say.
#[inline(always)]
pub(crate) fn newest_manual() -> bool {
    table::with(|table| table.pop_newest(|record| record.kind() == Kind::Manual)).unwrap_or(true)
}

/// Ends the newest manual region since the innermost closure.
pub(crate) fn manual() -> ByHand {
    // They end first. The short way ends regions of tables with few records, where there was room again.
    if table::with(Table::end_unnoted).unwrap_or(false) {
        return ByHand::Quietly;
    }
    // The search stops at a closure, which is not a manual region.
    let is_end = |record: &Record| record.kind() == Kind::Manual || record.kind().is_closure();
    by_hand(|record| record.kind() == Kind::Manual, is_end)
}

#[inline(always)]
fn by_hand(is_it: impl Fn(&Record) -> bool, is_end: impl FnMut(&Record) -> bool) -> ByHand {
    let ended = table::with(|table| {
        if table.pop_newest(&is_it) {
            return ByHand::Quietly;
        }
        by_hand_slowly(table, is_it, is_end)
    });
    ended.unwrap_or(ByHand::Quietly)
}

#[cold]
#[inline(never)]
fn by_hand_slowly(
    table: &Table,
    is_it: impl Fn(&Record) -> bool,
    is_end: impl FnMut(&Record) -> bool,
) -> ByHand {
    step::run(table, Done::Nothing, |outer| {
        let found = table.find(is_end).and_then(|index| Some((index, table.record(index)?)));
        let Some((index, record)) = found.filter(|(_, record)| is_it(record)) else { return ByHand::Gone };
        let loans = record.loans.get();
        let place = record.place();
        let ended = Ended {
            serial: record.serial(),
            loans,
            quiet: outer.is_interrupted(),
            inner: inner_of(table, index),
            ..Ended::NOTHING
        };
        loan::all(loans).for_each(budget::settle);
        let is_quiet = remove(table, index, outer);
        ByHand::Ended(Ended { quiet: ended.quiet || is_quiet, ..ended }, place)
    })
}

/// What is open above a place.
fn inner_of(table: &Table, index: usize) -> Inner {
    let mut inner = Inner::Nothing;
    for above in index + 1..table.len() {
        match table.record(above).map(Record::kind) {
            Some(Kind::Guard) if inner == Inner::Nothing => inner = Inner::Guard,
            Some(kind) if kind.is_closure() => inner = Inner::Closure,
            _ => {}
        }
    }
    inner
}

/// Ends what only measures. `None` if it is not there. Before, `settle` takes its loans, with whether what lies below also lends
/// what was lent there; and `last` sees it, and is told whether it is the newest.
#[inline(always)]
pub(crate) fn measuring<R>(
    serial: Serial,
    settle: impl FnOnce(Head, bool),
    last: impl FnOnce(&Table, &Record, bool) -> R,
) -> Option<R> {
    table::with(|table| {
        if let Some(only) = table.only(|only| only.serial() == serial) {
            let result = last(table, only, true);
            table.pop_only(only);
            return Some(result);
        }
        measuring_further(table, serial, settle, last)
    })
    .flatten()
}

#[inline(never)]
fn measuring_further<R>(
    table: &Table,
    serial: Serial,
    settle: impl FnOnce(Head, bool),
    last: impl FnOnce(&Table, &Record, bool) -> R,
) -> Option<R> {
    let Some((index, record)) = find(table, serial) else {
        leave_elsewhere(table, serial);
        return None;
    };
    if !record.loans.get().is_empty() {
        let below = table.below(index).map_or(table.base(), Record::word);
        settle(record.loans.replace(Head::NONE), word::lendable(below) != 0);
    }
    let outer = step::begin(table, Done::Nothing);
    let result = last(table, record, index + 1 == table.len());
    remove(table, index, outer);
    step::finish(table, outer);
    Some(result)
}

#[inline(always)]
fn find(table: &Table, serial: Serial) -> Option<(usize, &Record)> {
    let top = table.len().checked_sub(1)?;
    let record = table.record(top)?;
    if record.serial() == serial && record.kind() != Kind::Free {
        return Some((top, record));
    }
    find_below(table, serial)
}

#[cold]
#[inline(never)]
fn find_below(table: &Table, serial: Serial) -> Option<(usize, &Record)> {
    let index = table.find(|record| record.serial() == serial)?;
    Some((index, table.record(index)?))
}

/// What is left open by hand inside a closure ends with it, and is reported with it.
fn closure(table: &Table, index: usize, outer: Outer) -> Ended {
    let Some(record) = table.record(index) else { return Ended::NOTHING };
    let serial = record.serial();
    // A permit that a region forbids is none.
    let is_void = record.kind() == Kind::Permit
        && table.below(index).is_some_and(|below| below.word() & word::FORBID != 0);
    let told_by = if is_void { record.reporter() } else { serial };
    let mut ended = Ended { serial: told_by, is_void, quiet: outer.is_interrupted(), ..Ended::NOTHING };
    for above in (index + 1..table.len()).rev() {
        if table.record(above).is_some_and(|above| above.owner() == serial) {
            left(table, above, &mut ended, outer);
        }
    }
    let own = record.loans.get();
    loan::all(own).for_each(budget::settle);
    ended.loans = loan::joined(own, ended.loans);
    ended.quiet |= remove(table, index, outer);
    ended
}

/// A closure without a record ends. `change` takes it off the base; false if it is not there, and so ends elsewhere than it opened.
/// It opened when there was no record at all: unless another closure is open now, what is left open was opened inside it.
fn fast(table: &Table, outer: Outer, change: impl FnOnce(&Table) -> bool) -> Ended {
    let mut ended = Ended { quiet: outer.is_interrupted(), ..Ended::NOTHING };
    if table.underflow() {
        // There was no room for a record of it.
        return ended;
    }
    ended.foreign = !change(table);
    if ended.foreign {
        setting::set_moved();
    }
    table.settle_from(0);
    let is_outermost = !ended.foreign && table.find(|record| record.kind().is_closure()).is_none();
    for index in (0..if is_outermost { table.len() } else { 0 }).rev() {
        left(table, index, &mut ended, outer);
    }
    ended
}

/// Ends a record if it is of the kind that ends with the closure around it.
fn left(table: &Table, index: usize, closure: &mut Ended, outer: Outer) {
    let Some(record) = table.record(index).filter(|record| record.kind().is_left()) else { return };
    if record.kind() == Kind::Guard {
        closure.left = closure.left.or(record.place());
    }
    let own = record.loans.get();
    loan::all(own).for_each(budget::settle);
    closure.loans = loan::joined(own, closure.loans);
    let serial = record.serial();
    closure.quiet |= remove(table, index, outer);
    pending::pass_on(serial, closure.serial);
}

/// Leaves the name of something that ended here for the thread that has its record, if that is another one.
#[cold]
#[inline(never)]
fn leave_elsewhere(table: &Table, serial: Serial) {
    if !serial.is_none() && !table.gave(serial) {
        moved::leave_serial(serial);
    }
}

/// Takes the records away whose regions ended on other threads. A step is under way.
#[inline(always)]
pub(super) fn moved(table: &Table, outer: Outer) {
    if setting::is_moved() && !outer.is_interrupted() {
        take_moved(table, outer);
    }
}

#[cold]
#[inline(never)]
fn take_moved(table: &Table, outer: Outer) {
    for index in (0..table.len()).rev() {
        let Some(record) = table.record(index).filter(|record| moved::take(record)) else { continue };
        let serial = record.serial();
        if record.loans.get().is_empty() {
            remove(table, index, outer);
        } else {
            if setting::is_guest() {
                copies::end(record, outer.is_interrupted());
            }
            // What it has lent goes on until what lies around it ends.
            record.kind.set(Kind::Loan);
            table.settle_from(index);
        }
        pending::put_off(serial, table.below(index).map_or(Serial::NONE, Record::reporter));
    }
}

/// The same where no step is.
#[inline(always)]
pub(crate) fn look_for_moved() {
    if setting::is_moved() {
        let _ = table::with(|table| step::run(table, Done::Nothing, |outer| moved(table, outer)));
    }
}

/// Takes a record away. True if another copy of the guard asks that nothing be said now.
#[inline(always)]
fn remove(table: &Table, index: usize, outer: Outer) -> bool {
    let Some(record) = table.record(index) else { return false };
    let is_quiet = setting::is_guest() && copies::end(record, outer.is_interrupted());
    if record.hides_budgets() {
        budget::reveal(table, index, record);
    }
    chain::leave(table, index);
    if index + 1 == table.len() {
        table.pop(index, record);
        return is_quiet;
    }
    let forbade = record.flags.get() & word::FORBID != 0;
    table.end(index);
    if forbade {
        budget::hide(table, index);
    }
    chain::moved(table);
    is_quiet
}
