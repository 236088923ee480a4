//! What the open regions say of a system call: who disallows it, whose budget it is taken off, and who counts it.
//!
//! Each region has its own budget of calls, in its record: a call is taken off every one that does not allow the call anyway, up to a
//! permit. What counts takes no notice of permits.
//!
//! ```text
//!   innermost                                                       outermost
//!   | region, 2 calls | counts calls | permit | region, no budget | counts calls |
//!     1 is left         1 counted               permits the call    1 counted
//! ```

use core::cell::Cell;
use core::ptr;

use super::loan::{self, Loan};
use super::record::{Kind, Record, Serial};
use super::request::Cause;
use super::table::{self, Table};
use super::{copies, figure, word};
use crate::model::{Budget, Calls, SystemCall};
use crate::sys;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// No open region disallows it.
    Free,
    /// A permit inside the regions that disallow it.
    Permitted,
    /// All regions that disallow it have some left of their budgets.
    InBudget,
    Violation(Cause),
}

/// A call as the open regions see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) ruling: Ruling,
    /// A budget of calls is open that it is taken off.
    pub(super) is_budgeted: bool,
    pub(super) is_counted: bool,
    /// The innermost that cares was opened by a signal handler which had interrupted the guard or an allocator.
    pub(super) is_interrupting: bool,
}

impl Sight {
    const NOTHING: Self =
        Self { ruling: Ruling::Free, is_budgeted: false, is_counted: false, is_interrupting: false };
}

/// What a record is to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It disallows the call.
    Disallows,
    Counts,
    None,
}

/// Visits the records that are open to this thread's calls, newest first: with whether a permit lies between. True if nothing hides
/// what lies below all records.
fn walk<'a>(table: &'a Table, visit: impl FnMut(&'a Record, bool)) -> Option<bool> {
    walk_from(table, None, visit)
}

/// The same from a record outwards.
fn walk_from<'a>(
    table: &'a Table,
    first: Option<&Record>,
    mut visit: impl FnMut(&'a Record, bool),
) -> Option<bool> {
    let (mut is_permitted, mut is_own) = (false, false);
    let mut has_begun = first.is_none();
    table.for_each(|record| {
        has_begun |= first.is_some_and(|first| ptr::eq(first, record));
        if !has_begun {
            return true;
        }
        match record.kind() {
            Kind::OwnWork | Kind::Hook | Kind::Raising => is_own = true,
            // One that a region forbids has the word of what it is in.
            Kind::Permit if record.word() & word::FORBID == 0 => is_permitted = true,
            _ => visit(record, is_permitted),
        }
        !is_own
    });
    (!is_own).then_some(is_permitted)
}

fn role(record: &Record, call: &SystemCall) -> Role {
    let (kind, has_calls) = (record.kind(), record.flags.get() & word::CALLS != 0);
    if has_calls && kind == Kind::Counting {
        Role::Counts
    } else if has_calls && kind.is_region() && !record.allowed.get().has(call.number, call.class) {
        Role::Disallows
    } else {
        Role::None
    }
}

/// Looks at a call, while the word's selector is 1.
pub(super) fn look(call: &SystemCall) -> Sight {
    table::with(|table| {
        let mut sight = Sight::NOTHING;
        let mut is_uncounted = false;
        let mut innermost = None;
        let mut borrowed = Borrowed::NONE;
        let below = walk(table, |record, is_permitted| {
            is_uncounted |= record.kind() == Kind::Uncounted;
            borrowed.add(record);
            match role(record, call) {
                Role::Counts if !is_uncounted => sight.is_counted = true,
                Role::Disallows if is_permitted => sight.ruling = sight.ruling.or(Ruling::Permitted),
                Role::Disallows => {
                    sight.is_budgeted |= record.limits_calls();
                    sight.ruling = sight.ruling.or(of_region(record, borrowed));
                }
                _ => return,
            }
            innermost.get_or_insert(record.allowed.get());
        });
        // Below all records lie regions that allow nothing.
        let base = if table.len() == 0 { word::CALLS } else { table.base() };
        if let Some(is_permitted) = below.filter(|_| base & word::CALLS != 0) {
            let ruling = if is_permitted { Ruling::Permitted } else { Ruling::Violation(Cause::Disallowed) };
            sight.ruling = sight.ruling.or(ruling);
        }
        sight.is_interrupting = innermost.is_some_and(Calls::is_interrupting);
        sight
    })
    .unwrap_or(Sight::NOTHING)
}

/// What a region says that disallows the call.
fn of_region(record: &Record, borrowed: Borrowed) -> Ruling {
    match borrowed.left_of(record) {
        None => Ruling::Violation(Cause::Disallowed),
        Some(0) => Ruling::Violation(Cause::OverBudget),
        Some(_) => Ruling::InBudget,
    }
}

/// Calls that borrowers have made and that no record knows of yet, on a way from a record outwards: they are off the budgets of all
/// that lies round what has lent its own.
#[derive(Clone, Copy, Debug)]
struct Borrowed(u32);

impl Borrowed {
    const NONE: Self = Self(0);

    /// The next record on the way.
    fn add(&mut self, record: &Record) {
        let loan = own_loan(record);
        self.0 = self.0.saturating_add(loan.map_or(0, |loan| loan.budget.borrowed_calls()));
    }

    /// What is left of a record's budget of calls; `None` where it has none.
    fn left_of(self, record: &Record) -> Option<u32> {
        if !record.limits_calls() {
            return None;
        }
        let left = if is_borrowed(record) {
            loan::at(record.shared.get()).map_or(0, |loan| loan.budget.calls_left())
        } else {
            record.calls.get()
        };
        Some(left.saturating_sub(self.0))
    }
}

/// The loan through which a budget of this thread's own is shared.
fn own_loan(record: &Record) -> Option<&'static Loan> {
    let is_own = record.flags.get() & word::BUDGET != 0 && record.kind() != Kind::Borrowed;
    loan::at(record.shared.get()).filter(|_| is_own)
}

/// True for a budget of another thread's, which that one's loan keeps.
fn is_borrowed(record: &Record) -> bool {
    record.kind() == Kind::Borrowed && !record.shared.get().is_empty()
}

impl Ruling {
    /// The stricter of two.
    fn or(self, other: Self) -> Self {
        let rank = |ruling| match ruling {
            Self::Free => 0,
            Self::Permitted => 1,
            Self::InBudget => 2,
            Self::Violation(Cause::OverBudget) => 3,
            Self::Violation(Cause::Disallowed) => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Takes a call off all budgets of calls that do not allow it anyway.
pub(super) fn take(call: &SystemCall) {
    let _ = table::with(|table| {
        walk(table, |record, is_permitted| {
            if !is_permitted && role(record, call) == Role::Disallows {
                take_off(record, 1);
            }
        });
        limit_loans(table);
    });
}

/// Takes calls off a record's budget of calls, if it has one.
fn take_off(record: &Record, calls: u32) {
    if !record.limits_calls() {
        return;
    }
    match loan::at(record.shared.get()).filter(|_| is_borrowed(record)) {
        Some(loan) => loan.budget.take_borrowed_off(calls),
        None => record.calls.set(record.calls.get().saturating_sub(calls)),
    }
}

/// Has borrowers of this thread's budgets get no more than is left of those.
fn limit_loans(table: &Table) {
    if !table.is_sharing.get() {
        return;
    }
    walk(table, |record, is_permitted| {
        if let Some(loan) = own_loan(record).filter(|_| !is_permitted) {
            if let Some(left) = least_from(table, Some(record)) {
                loan.budget.limit_calls(left);
            }
        }
    });
}

/// What is left of all open budgets of calls, for another thread; [`Budget::NO_CALLS_GIVEN`] where some region has none.
pub(super) fn left() -> u32 {
    table::with(|table| least_from(table, None)).flatten().unwrap_or(Budget::NO_CALLS_GIVEN)
}

/// What is left of all budgets of calls from a record outwards, up to a permit; `None` where a region that disallows calls has none,
/// or there is no budget.
fn least_from(table: &Table, first: Option<&Record>) -> Option<u32> {
    let (mut least, mut has_unlimited, mut borrowed) = (None, false, Borrowed::NONE);
    let below = walk_from(table, first, |record, is_permitted| {
        if is_permitted {
            return;
        }
        borrowed.add(record);
        if record.flags.get() & word::CALLS == 0 || !record.kind().is_region() {
            return;
        }
        match borrowed.left_of(record) {
            Some(left) => least = Some(least.map_or(left, |least: u32| least.min(left))),
            None => has_unlimited = true,
        }
    });
    has_unlimited |= below == Some(false) && table.base() & word::CALLS != 0;
    least.filter(|_| !has_unlimited)
}

/// Takes what borrowers of a record's budget have called off all open budgets from there outwards.
pub(super) fn settle(table: &Table, sharer: &Record, loan: &Loan) {
    let borrowed = loan.budget.take_borrowed_calls();
    if borrowed == 0 {
        return;
    }
    walk_from(table, Some(sharer), |record, is_permitted| {
        if !is_permitted && record.flags.get() & word::CALLS != 0 && record.kind().is_region() {
            take_off(record, borrowed);
        }
    });
    limit_loans(table);
}

/// What is left of the budget of calls of a region that is about to end; `None` where it is not open on this thread.
pub(crate) fn left_of(serial: Serial) -> Option<u32> {
    table::with(|table| {
        let record = table.record(table.find(|record| record.serial() == serial)?)?;
        if let Some(loan) = loan::at(record.shared.get()) {
            settle(table, record, loan);
        }
        Some(copies::calls_left(record).unwrap_or_else(|| record.calls.get()))
    })
    .flatten()
}

/// True if a region is open that disallows calls, and no permit inside it.
pub(super) fn are_disallowed() -> bool {
    table::with(|table| {
        let mut any = false;
        let below = walk(table, |record, is_permitted| {
            any |= !is_permitted && record.kind().is_region() && record.flags.get() & word::CALLS != 0;
        });
        let base = if table.len() == 0 { word::get() } else { table.base() };
        any || below == Some(false) && base & word::CALLS != 0
    })
    .unwrap_or(false)
}

/// The calls that all open regions which disallow some allow: what another thread is lent.
pub(crate) fn allowed() -> Calls {
    table::with(|table| {
        let mut allowed = Calls::ALL;
        let below = walk(table, |record, is_permitted| {
            if !is_permitted && record.kind().is_region() && record.flags.get() & word::CALLS != 0 {
                allowed = allowed.both(record.allowed.get());
            }
        });
        let has_plain = below == Some(false) && table.base() & word::CALLS != 0;
        if has_plain || table.len() == 0 { Calls::NONE } else { allowed }
    })
    .unwrap_or(Calls::NONE)
}

thread_local! {
    /// Calls that were counted on this thread: it only goes up while a region counts calls.
    static COUNTED: Cell<u64> = const { Cell::new(0) };
    /// Times that some may have been left out.
    static LOST: Cell<u64> = const { Cell::new(0) };
}

/// Where counting calls began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    counted: u64,
    lost: u64,
    /// Own work or the like hides all that counts calls round it: what is counted here is not theirs.
    is_hidden: bool,
}

/// True if something counts calls on this thread; the second one tells whether it counts what happens now.
fn counting() -> (bool, bool) {
    table::with(|table| {
        let is_it =
            |record: &Record| record.kind() == Kind::Counting && record.flags.get() & word::CALLS != 0;
        let (mut is_uncounted, mut counts) = (false, false);
        walk(table, |record, _| {
            is_uncounted |= record.kind() == Kind::Uncounted;
            counts |= !is_uncounted && is_it(record);
        });
        (table.find(is_it).is_some(), counts)
    })
    .unwrap_or((false, false))
}

/// True if calls are counted here.
pub(crate) fn are_counted() -> bool {
    counting().1
}

/// Before what counts calls opens.
pub(crate) fn begin() -> Start {
    let (any, is_counted) = counting();
    let figure = |figure: &Cell<u64>| figure.get();
    Start {
        counted: COUNTED.try_with(figure).unwrap_or(0),
        lost: LOST.try_with(figure).unwrap_or(0),
        is_hidden: any && !is_counted,
    }
}

/// After it has ended: what was counted since; `None` if some may have been left out.
pub(crate) fn end(start: Start) -> Option<u64> {
    let counted = COUNTED.try_with(|counted| {
        let now = counted.get();
        if start.is_hidden {
            counted.set(start.counted);
        }
        now.wrapping_sub(start.counted)
    });
    let lost = LOST.try_with(|lost| {
        let now = lost.get();
        if start.is_hidden {
            lost.set(start.lost);
        }
        now
    });
    counted.ok().filter(|_| lost == Ok(start.lost))
}

/// Counts calls.
pub(crate) fn count(calls: u64) {
    let _ = COUNTED.try_with(|counted| figure::add(counted, calls));
}

/// Notes that calls are left out.
pub(crate) fn lose() {
    let _ = LOST.try_with(|lost| figure::add(lost, 1));
}

thread_local! {
    /// Calls that were violations on this thread.
    static VIOLATIONS: Cell<u64> = const { Cell::new(0) };
    /// Entries of regions that disallow calls, where this thread's could not be watched.
    static UNWATCHED: Cell<u64> = const { Cell::new(0) };
    /// How many of them, and of the watches that ended inside a region, are told no more.
    static FORGOTTEN: Cell<u64> = const { Cell::new(0) };
}

/// Counts a call that is a violation.
pub(super) fn count_violation() {
    let _ = VIOLATIONS.try_with(|violations| figure::add(violations, 1));
    #[cfg(feature = "process-counts")]
    super::process::count_call();
}

/// Notes that a region which disallows calls opens, or counts them, and they are not watched.
pub(crate) fn count_unwatched() {
    add_unwatched(1);
    #[cfg(feature = "process-counts")]
    super::process::count_unwatched();
}

/// Adds what happened so on a thread that a policy of this one's was lent to.
pub(crate) fn add_unwatched(times: u64) {
    let _ = UNWATCHED.try_with(|unwatched| figure::add(unwatched, times));
}

/// Adds to this thread's violations that were calls, and gives their number then.
pub(crate) fn change_violations(more: i64) -> u64 {
    VIOLATIONS.try_with(|violations| figure::change_and_get(violations, more)).unwrap_or(0)
}

/// How often a region on this thread has asked for a watch that could not be had, or that ended inside. It only goes up, so that
/// what a signal handler adds is never lost.
pub(crate) fn unwatched() -> u64 {
    UNWATCHED.try_with(Cell::get).unwrap_or(u64::MAX).saturating_add(sys::calls::gaps().into())
}

/// From now on this many of them are told no more.
pub(crate) fn forget_unwatched(times: u64) {
    let _ = FORGOTTEN.try_with(|forgotten| forgotten.set(times));
}

/// True if there are others than those.
pub(crate) fn has_unwatched() -> bool {
    unwatched() > FORGOTTEN.try_with(Cell::get).unwrap_or(0)
}
