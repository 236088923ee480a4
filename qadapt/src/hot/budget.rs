//! The budgets that are open on this thread.

use super::head::Head;
use super::loan::{self, Loan};
use super::record::{Kind, Record};
use super::request::Request;
use super::spending::{Caps, Used};
use super::table::{self, Table};
use super::word;
use crate::model::Budget;

/// What this thread has used while a budget was open: a running total.
pub(crate) fn total() -> Used {
    table::with(|table| table.total.get()).unwrap_or(Used::NOTHING)
}

/// The caps of a budget that opens now, of which so much was used before.
pub(crate) fn caps(limits: &Budget, used: Used) -> Caps {
    Caps::of(limits, used, total())
}

/// True if the request would use more than an open budget has left.
pub(super) fn is_exceeded_by(request: &Request) -> bool {
    request.grows()
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
    let Some(mut least) =
        table::with(|table| table.top().map(|top| top.caps.get().left(table.total.get()))).flatten()
    else {
        return Budget::new();
    };
    let _ = table::with(|table| {
        any_shared(table, |loan, _| {
            let left = loan.budget.used().left_of(&loan.budget.left());
            least.allocs = least.allocs.min(left.allocs);
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
            table.total.add(loan.budget.take_borrowed());
        }
    });
}

/// True if it is so for any loan through which an open budget is shared; tells whether that budget is a borrowed one.
fn any_shared(table: &Table, mut is_so: impl FnMut(&Loan, bool) -> bool) -> bool {
    let mut any = false;
    table.for_each(|record| {
        // Below a permit the budgets are suspended.
        if record.word() & word::BUDGET == 0 {
            return false;
        }
        if record.flags.get() & word::BUDGET != 0
            && let Some(loan) = loan::at(record.shared.get())
        {
            any |= is_so(loan, record.kind.get() == Kind::Borrowed);
        }
        true
    });
    any
}
