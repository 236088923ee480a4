//! Opening and ending: every step from one state of what is open on a thread to the next.
//!
//! A step begins by telling signal handlers that it is under way ([`word::QUIET`], [`word::BUSY`]), changes the table or
//! the base below it, and finishes with the word that follows.

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::spending::Caps;
use super::table::{self, New, ROOM, Table, step};
use super::trace::chain::{self, Opening};
use super::{budget, loan, pending, setting, trace, word};
use crate::model::{Place, RegionKind};

/// Records that only own work may take: what is said of a full table needs some.
const RESERVED: usize = 64;

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
    const fn new(serial: Serial) -> Self {
        Self {
            serial,
            loans: Head::NONE,
            left: None,
            quiet: false,
            foreign: false,
            is_void: false,
            inner: Inner::Nothing,
        }
    }
}

/// What a fast edge did to the word before it found that it has to be slow.
#[derive(Clone, Copy)]
enum Done {
    Nothing,
    Raised,
    Lowered,
}

/// Runs one step. Returns what it returns, and whether it interrupted another.
#[inline(always)]
fn edge<R>(done: Done, act: impl FnOnce(&Table, bool) -> R) -> Option<R> {
    table::with(|table| {
        // Own work is quiet by its record, and not because it was interrupted.
        let now = word::get() & (word::QUIET | word::BUSY);
        let outer = now & !table.word();
        begin(table, done);
        let result = act(table, now != 0);
        finish(table, outer);
        result
    })
}

/// Sets the word's state, and takes from the word what only it has: the base, where there is no record.
#[inline(always)]
fn begin(table: &Table, done: Done) {
    let now = word::get();
    let busy = word::ATTENTION | word::QUIET | word::BUSY;
    if table.len() > 0 {
        word::set(table.word() | busy);
        step();
        return;
    }
    let base = match done {
        Done::Nothing => now,
        Done::Raised => now.wrapping_sub(word::LEVEL),
        Done::Lowered => now.wrapping_add(word::LEVEL),
    };
    let base = base & !word::STATE;
    word::set(base | busy);
    step();
    table.set_base(base);
}

#[inline(always)]
fn finish(table: &Table, outer: i64) {
    step();
    if table.len() > 0 {
        word::set(table.word() | word::ATTENTION | outer);
        return;
    }
    if outer != 0 || is_asked_for(table) {
        word::set(table.base() | word::ATTENTION | outer);
        return;
    }
    word::set(table.base());
    step();
    // A signal handler may have left something since.
    if is_asked_for(table) {
        word::set(word::get() | word::ATTENTION);
    }
}

/// True if edges must be slow, whatever is open.
#[inline(always)]
fn is_asked_for(table: &Table) -> bool {
    !pending::is_empty() || table.debt() != 0 || trace::is_on() || setting::default_mode().speaks_at_once()
}

/// The thread's first touch of the guard: from here on its word speaks for itself.
#[cold]
#[inline(never)]
pub(crate) fn link() {
    word::set(word::get() & !word::UNLINKED);
    refresh();
}

/// Looks again for reasons to take the slow path.
pub(crate) fn refresh() {
    let _ = edge(Done::Nothing, |table, is_nested| {
        if !is_nested && table.has_pages() {
            table.shrink();
        }
    });
}

/// Opens a record; its serial, or none where there is no room.
pub(crate) fn push(new: &New) -> Serial {
    push_as(new, Opening::Nothing)
}

/// The same for what the trace knows as a region.
pub(crate) fn push_as(new: &New, opening: Opening) -> Serial {
    edge(Done::Nothing, |table, _| add(table, new, opening)).unwrap_or(Serial::NONE)
}

fn add(table: &Table, new: &New, opening: Opening) -> Serial {
    let is_own = matches!(new.kind, Kind::OwnWork | Kind::Hook);
    let below = table.word();
    let hides_budget = is_own || new.kind == Kind::Permit && below & word::FORBID == 0;
    if !new.shared.is_empty() {
        table.is_sharing.set(true);
    }
    let new = if hides_budget && below & word::BUDGET != 0 {
        // What is used inside is not taken off the budgets outside.
        New { caps: Caps::keeping(table.total.get()), figure: 1, ..*new }
    } else {
        *new
    };
    let record = if is_own || table.len() < ROOM - RESERVED {
        table.push(&new, |record, index, below| chain::enter(table, record, new.kind, index, below, opening))
    } else {
        None
    };
    match record {
        Some(record) => record.serial(),
        None => {
            if new.kind.is_closure() {
                table.overflow();
            }
            Serial::NONE
        }
    }
}

/// A plain region was added to the word, which is negative: `key` is the address of its frame. It gets a record if there is
/// a reason for one, or it `must` have one. False where there is no room.
pub(crate) fn plain(key: usize, place: Place, must: bool) -> bool {
    edge(Done::Raised, |table, is_nested| {
        if !must && !is_nested && table.len() == 0 && !is_asked_for(table) {
            table.set_base(table.base().wrapping_add(word::LEVEL));
            return true;
        }
        let new = New { key, ..New::of(Kind::Plain, Some(place)) };
        !add(table, &new, Opening::Region(RegionKind::Plain)).is_none()
    })
    .unwrap_or(true)
}

/// A plain region was taken off the word, which is negative.
pub(crate) fn end_plain(key: usize) -> Ended {
    edge(Done::Lowered, |table, is_nested| {
        let mut ended = match table.find(|record| record.kind() == Kind::Plain && record.key.get() == key) {
            Some(index) => end_closure(table, index),
            None => end_fast(table, |table| end_level(table)),
        };
        ended.quiet = is_nested;
        ended
    })
    .unwrap_or(Ended::new(Serial::NONE))
}

/// Ends a closure's record.
pub(crate) fn end(serial: Serial) -> Ended {
    edge(Done::Nothing, |table, is_nested| {
        let mut ended = match table.find(|record| record.serial() == serial) {
            Some(index) => end_closure(table, index),
            None => {
                // One for which there was no room, or which another thread has.
                let foreign = !table.underflow();
                Ended { foreign, ..Ended::new(serial) }
            }
        };
        ended.quiet = is_nested;
        ended
    })
    .unwrap_or(Ended::new(serial))
}

/// Ends a policy's closure that has no record: `flags` is what it set in the word, `before` what the word was before.
pub(crate) fn end_policy(before: i64, flags: i64) -> Ended {
    edge(Done::Nothing, |table, is_nested| {
        let mut ended = end_fast(table, |table| take_off(table, flags & !before));
        ended.quiet = is_nested;
        ended
    })
    .unwrap_or(Ended::new(Serial::NONE))
}

/// Ends a permit's closure that has no record: `before` is what the word was before, which the permit has hidden.
pub(crate) fn end_permit(before: i64) -> Ended {
    edge(Done::Nothing, |table, is_nested| {
        let mut ended = end_fast(table, |table| {
            put_back(table, before);
            true
        });
        ended.quiet = is_nested;
        ended
    })
    .unwrap_or(Ended::new(Serial::NONE))
}

/// Ends a guard's record, wherever it is; `None` if something else has ended it.
pub(crate) fn end_guard(serial: Serial) -> Option<Ended> {
    edge(Done::Nothing, |table, is_nested| {
        let index = table.find(|record| record.serial() == serial)?;
        let mut ended = end_by_hand(table, index);
        ended.quiet = is_nested;
        Some(ended)
    })
    .flatten()
}

/// Ends the newest manual region since the innermost closure; returns its place too.
pub(crate) fn end_manual() -> Option<(Ended, Option<Place>)> {
    edge(Done::Nothing, |table, is_nested| {
        let index = table.find(|record| record.kind() == Kind::Manual || record.kind().is_closure())?;
        let record = table.record(index).filter(|record| record.kind() == Kind::Manual)?;
        let place = record.place();
        let mut ended = end_by_hand(table, index);
        ended.quiet = is_nested;
        Some((ended, place))
    })
    .flatten()
}

/// Ends a record that is no region; `last` sees it before, unless it is not there.
pub(crate) fn end_plainly<R>(serial: Serial, last: impl FnOnce(&Table, &Record) -> R) -> Option<R> {
    edge(Done::Nothing, |table, _| {
        let index = table.find(|record| record.serial() == serial)?;
        let result = last(table, table.record(index)?);
        remove(table, index);
        Some(result)
    })
    .flatten()
}

/// Takes the loans of a record, which is about to end; and whether what lies below it also lends what was lent there.
pub(crate) fn take_loans(serial: Serial) -> (Head, bool) {
    table::with(|table| {
        let index = table.find(|record| record.serial() == serial)?;
        let lent = table.record(index)?.loans.replace(Head::NONE);
        if lent.is_empty() {
            return None;
        }
        let below = table.below(index).map_or(table.base(), Record::word);
        Some((lent, word::lendable(below) != 0))
    })
    .flatten()
    .unwrap_or((Head::NONE, false))
}

/// What is left open by hand inside a closure ends with it, and is reported with it.
fn end_closure(table: &Table, index: usize) -> Ended {
    let Some(record) = table.record(index) else { return Ended::new(Serial::NONE) };
    let serial = record.serial();
    let is_void = record.kind() == Kind::Permit
        && table.below(index).is_some_and(|below| below.word() & word::FORBID != 0);
    let mut ended = Ended { is_void, ..Ended::new(if is_void { record.reporter() } else { serial }) };
    for above in (index + 1..table.len()).rev() {
        if table.record(above).is_some_and(|above| above.owner() == serial) {
            end_left(table, above, &mut ended);
        }
    }
    let own = record.loans.get();
    loan::all(own).for_each(budget::settle);
    ended.loans = loan::joined(own, ended.loans);
    remove(table, index);
    ended
}

/// A closure without a record ends. It opened when there was no record at all: unless another closure is open now,
/// what is left open was opened inside it. `change` takes it off the base; false if it is not there.
fn end_fast(table: &Table, change: impl FnOnce(&Table) -> bool) -> Ended {
    let mut ended = Ended::new(Serial::NONE);
    if table.len() > 0 && table.find(|record| record.kind().is_closure()).is_none() {
        for index in (0..table.len()).rev() {
            end_left(table, index, &mut ended);
        }
    }
    if !table.underflow() {
        ended.foreign = !change(table);
        table.settle_from(0);
    }
    ended
}

/// Ends a record if it is of the kind that ends with the closure around it.
fn end_left(table: &Table, index: usize, closure: &mut Ended) {
    let Some(record) = table.record(index).filter(|record| record.kind().is_left()) else { return };
    if record.kind() == Kind::Guard {
        closure.left = closure.left.or(record.place());
    }
    let own = record.loans.get();
    loan::all(own).for_each(budget::settle);
    closure.loans = loan::joined(own, closure.loans);
    pending::pass_on(record.serial(), closure.serial);
    remove(table, index);
}

fn end_by_hand(table: &Table, index: usize) -> Ended {
    let Some(record) = table.record(index) else { return Ended::new(Serial::NONE) };
    let mut ended = Ended::new(record.serial());
    for above in index + 1..table.len() {
        match table.record(above).map(Record::kind) {
            Some(Kind::Guard) if ended.inner == Inner::Nothing => ended.inner = Inner::Guard,
            Some(kind) if kind.is_closure() => ended.inner = Inner::Closure,
            _ => {}
        }
    }
    ended.loans = record.loans.get();
    loan::all(ended.loans).for_each(budget::settle);
    remove(table, index);
    ended
}

fn remove(table: &Table, index: usize) {
    let Some(record) = table.record(index) else { return };
    if matches!(record.kind(), Kind::Permit | Kind::OwnWork | Kind::Hook) && record.figure.get() != 0 {
        table.total.set(record.own_caps.get().kept());
    }
    chain::leave(table, index);
    let is_top = index + 1 == table.len();
    table.end(index);
    if !is_top {
        chain::moved(table);
    }
    if table.len() == 0 {
        table.is_sharing.set(false);
    }
}

/// Takes a plain region off the base. False if there is none, and no permit can hide it.
fn end_level(table: &Table) -> bool {
    let base = table.base();
    if word::levels(base) > 0 {
        table.set_base(base.wrapping_sub(word::LEVEL));
        return true;
    }
    owe(table, word::LEVEL)
}

/// Takes a policy's flags off the base. False if some are not there, and no permit can hide them.
fn take_off(table: &Table, flags: i64) -> bool {
    let base = table.base();
    table.set_base(base & !flags);
    let missing = flags & !base;
    missing == 0 || owe(table, missing)
}

/// Something ended that a permit of another stack hides, and must not put back.
fn owe(table: &Table, missing: i64) -> bool {
    if word::permits() == 0 {
        return false;
    }
    let debt = table.debt();
    let levels = (debt & word::LEVELS).wrapping_add(missing & word::LEVELS);
    table.set_debt(levels | (debt | missing) & word::POLICY);
    true
}

/// Puts back what a permit has hidden, but for what has ended meanwhile.
fn put_back(table: &Table, hidden: i64) {
    let debt = table.debt();
    let levels = (hidden & word::LEVELS).min(debt & word::LEVELS);
    let flags = hidden & debt & word::POLICY;
    let hidden = (hidden & !flags).wrapping_sub(levels);
    let base = table.base();
    let levels_now = (base & word::LEVELS).wrapping_add(hidden & word::LEVELS);
    table.set_base(levels_now | (base | hidden) & !word::LEVELS);
    let left = (debt & !flags).wrapping_sub(levels);
    // What no permit hides any more cannot be put back either.
    table.set_debt(if word::permits() == 0 { 0 } else { left });
}

/// The place of the innermost region that has one.
pub(crate) fn innermost_place() -> Option<Place> {
    table::with(|table| {
        let index = table.find(|record| record.kind().reports() && record.place().is_some())?;
        table.record(index)?.place()
    })
    .flatten()
}

/// Whose a violation is that happens now.
#[inline(always)]
pub(crate) fn reporter() -> Serial {
    table::with(|table| table.top().map_or(Serial::NONE, Record::reporter)).unwrap_or(Serial::NONE)
}

/// True if nothing is open on this thread: no record, and nothing below.
pub(crate) fn is_idle() -> bool {
    table::with(|table| table.len() == 0 && table.base() == 0).unwrap_or(true)
}

/// Sets the countdown to a refusal of the innermost region that has one back by one request; true if that is the one to refuse.
pub(super) fn is_refusal_due() -> bool {
    with_countdown(|record| {
        let remaining = record.figure.get();
        record.figure.set(remaining.saturating_sub(1).max(0));
        remaining == 1
    })
    .unwrap_or(false)
}

/// Requests until the innermost region that refuses one does; 0 when it has.
pub(crate) fn requests_left() -> u64 {
    with_countdown(|record| record.figure.get()).map_or(0, i64::unsigned_abs)
}

fn with_countdown<R>(act: impl FnOnce(&Record) -> R) -> Option<R> {
    table::with(|table| {
        let index = table.find(|record| record.flags.get() & word::INJECT != 0)?;
        Some(act(table.record(index)?))
    })
    .flatten()
}

/// Runs QADAPT's own work: what it asks of the allocator is neither counted nor a violation, and a signal handler's regions
/// say nothing meanwhile.
pub(crate) fn as_own_work<R>(work: impl FnOnce() -> R) -> R {
    run(Kind::OwnWork, work)
}

/// Runs the user's code that own work calls: the same, but the regions in it speak.
pub(crate) fn as_hook<R>(work: impl FnOnce() -> R) -> R {
    run(Kind::Hook, work)
}

fn run<R>(kind: Kind, work: impl FnOnce() -> R) -> R {
    /// Ends the work, also where it unwinds.
    struct End(Serial);
    impl Drop for End {
        fn drop(&mut self) {
            let Ended { serial, .. } = end(self.0);
            pending::put_off(serial, reporter());
        }
    }

    let _end = End(push(&New::of(kind, None)));
    work()
}
