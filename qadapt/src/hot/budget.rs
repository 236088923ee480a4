//! The budgets that are open on this thread.

use super::head::Head;
use super::loan::{self, Loan};
use super::record::{Kind, Record};
use super::request::Request;
use super::spending::{Caps, Used};
use super::table::{self, Table};
use super::{calls, word};
use crate::model::{Budget, Op};

/// What this thread has used while a budget was open: a running total.
pub(crate) fn total() -> Used {
    table::with(|table| table.total.get()).unwrap_or(Used::NOTHING)
}

/// The caps of a budget that opens now, of which so much was used before.
pub(crate) fn caps(limits: &Budget, used: Used) -> Caps {
    Caps::of(limits, used, total())
}

/// What is left of a record's own budget.
pub(super) fn left_of(record: &Record) -> Budget {
    record.own_caps.get().left(total())
}

/// Keeps the total in a record that opens: it is put back at the record's end.
pub(super) fn keep_total(table: &Table, record: &Record, is_kept: bool) {
    record.figure.set(is_kept.into());
    if is_kept {
        record.own_caps.set(Caps::keeping(table.total.get()));
    }
}

/// A record that hides budgets is about to end. Those below go on from the total that it has kept; so those above, up to the next
/// that hides, are moved there.
///
/// ```text
///                 below: total 5     above: total 9
///               +------------------+------------------+
///               | cap 7: 2 are left| cap 10: 1 is left|     before
///               | cap 7: 2 are left| cap  6: 1 is left|     after, with total 5 for both
///               +------------------+------------------+
/// ```
pub(super) fn reveal(table: &Table, index: usize, record: &Record) {
    let kept = record.own_caps.get();
    let above = || (index + 1..table.len()).map_while(|index| table.record(index));
    let next = above().find(|record| record.hides_budgets());
    let now = next.map_or(table.total.get(), |next| next.own_caps.get().kept());
    for record in above().take_while(|record| !record.hides_budgets()) {
        if record.flags.get() & word::BUDGET != 0 {
            record.own_caps.set(record.own_caps.get().moved(now, kept.kept()));
        }
    }
    match next {
        Some(next) => next.own_caps.set(kept),
        None => table.total.set(kept.kept()),
    }
}

/// A region ended that forbade permits: those from a place on that nobody else forbids hide budgets from now on.
#[cold]
#[inline(never)]
pub(super) fn hide(table: &Table, from: usize) {
    let mut now = Caps::keeping(table.total.get());
    for index in (from..table.len()).rev() {
        let Some(record) = table.record(index) else { continue };
        let is_permit = record.kind.get() == Kind::Permit && record.figure.get() == 0;
        if is_permit && table.below(index).is_none_or(|below| below.word() & word::FORBID == 0) {
            record.figure.set(1);
            record.own_caps.set(now);
        }
        if record.hides_budgets() {
            now = record.own_caps.get();
        }
    }
}

/// True if the request would use more than an open budget has left.
pub(super) fn is_exceeded_by(request: &Request) -> bool {
    request.op != Op::Dealloc
        && table::with(|table| {
            table.top().is_some_and(|top| top.caps.get().are_exceeded_by(request, table.total.get()))
                || table.is_sharing.get() && any_shared(table, |loan, _| loan.budget.is_exceeded_by(request))
        })
        .unwrap_or(false)
}

/// Takes a request that succeeded off every open budget.
pub(super) fn take(request: &Request) {
    let used = Used::by(request);
    let _ = table::with(|table| {
        table.total.add(used);
        if table.is_sharing.get() {
            any_shared(table, |loan, is_borrowed| {
                loan.budget.take(used, is_borrowed);
                false
            });
        }
    });
}

/// What is left of all open budgets together.
pub(super) fn left() -> Budget {
    Budget { calls: calls::left(), ..left_of_memory() }
}

fn left_of_memory() -> Budget {
    let Some(mut least) =
        table::with(|table| table.top().map(|top| top.caps.get().left(table.total.get()))).flatten()
    else {
        return Budget::new();
    };
    let _ = table::with(|table| {
        any_shared(table, |loan, _| {
            let left = loan.budget.used().left_of(&loan.budget.left());
            least.allocs = least.allocs.min(left.allocs);
            least.requests = least.requests.min(left.requests);
            least.bytes = least.bytes.min(left.bytes);
            least.peak_bytes = least.peak_bytes.min(left.peak_bytes);
            false
        })
    });
    least
}

/// Shares the innermost open budget through a loan, unless it is shared already: what this thread uses of it counts
/// there from here on.
pub(super) fn share(through: Head) {
    let _ = with_innermost(|innermost, table| {
        if innermost.shared.get().is_empty() {
            innermost.shared.set(through);
            table.is_sharing.set(true);
        }
    });
}

/// The loan through which the innermost open budget is shared.
pub(super) fn innermost_shared() -> Head {
    with_innermost(|innermost, _| innermost.shared.get()).unwrap_or(Head::NONE)
}

fn with_innermost<R>(act: impl FnOnce(&Record, &Table) -> R) -> Option<R> {
    table::with(|table| {
        let index = table.find(|record| record.flags.get() & word::BUDGET != 0)?;
        Some(act(table.record(index)?, table))
    })
    .flatten()
}

/// Takes what borrowers have used of a loan's budget off this thread's, while that is still open. It is shared no longer.
pub(super) fn settle(loan: &Loan) {
    let _ = table::with(|table| {
        let is_its = |record: &Record| {
            record.flags.get() & word::BUDGET != 0
                && record.kind.get() != Kind::Borrowed
                && loan::at(record.shared.get()).is_some_and(|its| core::ptr::eq(its, loan))
        };
        if let Some(sharer) = table.find(is_its).and_then(|index| table.record(index)) {
            sharer.shared.set(Head::NONE);
            let used = loan.budget.take_borrowed();
            table.total.add(used);
            // Regions further out may have lent theirs, too.
            any_shared(table, |loan, is_borrowed| {
                loan.budget.take(used, is_borrowed);
                false
            });
            calls::settle(table, sharer, loan);
        }
    });
}

/// True if what this thread requests is taken off the budget that is shared through this loan.
pub(super) fn is_shared_through(wanted: &Loan) -> bool {
    table::with(|table| any_shared(table, |loan, _| core::ptr::eq(loan, wanted))).unwrap_or(false)
}

/// True if it is so for any loan through which an open budget is shared; tells whether that budget is a borrowed one.
fn any_shared(table: &Table, mut is_so: impl FnMut(&Loan, bool) -> bool) -> bool {
    let mut any = false;
    table.for_each(|record| {
        // Below a permit the budgets are suspended.
        if record.word() & word::BUDGET == 0 {
            return false;
        }
        let shares = record.flags.get() & word::BUDGET != 0;
        if let Some(loan) = loan::at(record.shared.get()).filter(|_| shares) {
            any |= is_so(loan, record.kind.get() == Kind::Borrowed);
        }
        true
    });
    any
}
