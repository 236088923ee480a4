//! The policies that open regions of this thread have lent to other threads.
//!
//! A loan belongs to the innermost region, counting region or future in which it was made: to that one's record, or to a
//! record of its own where that has none.

use core::sync::atomic::Ordering;

use qadapt_spin::Address;

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::table::{self, Table};
use super::{budget, calls, loan, push, word};
use crate::model::Budget;

pub(crate) use super::loan::ROOM;

/// The addresses of a list.
pub(crate) fn addresses(head: Head) -> impl Iterator<Item = Address> {
    loan::all(head).map(loan::Loan::address)
}

/// What another thread can be lent of what is open here; 0 where that is nothing.
pub(crate) fn lendable() -> i64 {
    let flags = word::lendable(word::get());
    // Where they are only counted, nobody disallows them.
    if flags & word::CALLS != 0 && !calls::are_disallowed() { flags & !word::CALLS } else { flags }
}

/// The innermost region's loan of exactly what is open now, if there is one.
pub(crate) fn equal(flags: i64) -> Option<Address> {
    let head = table::with(|table| lender(table).map(|record| record.loans.get())).flatten()?;
    let loan = loan::at(head)?;
    (loan.flags.load(Ordering::Relaxed) == flags).then(|| loan.address())
}

/// The record that a loan made now belongs to, if there is one.
fn lender(table: &Table) -> Option<&Record> {
    let top = table.top()?;
    top.kind().holds_loans().then_some(top).or_else(|| {
        let index = table.find(|record| record.kind().holds_loans())?;
        table.record(index)
    })
}

/// Adds a loan to the innermost region's.
pub(crate) fn add(address: Address, flags: i64) {
    let Some(loan) = loan::of(address) else { return };
    let head = Head::of(address.index());
    loan.address.store(address.to_bits(), Ordering::Relaxed);
    loan.flags.store(flags, Ordering::Relaxed);
    loan.thread.store(table::thread_number(), Ordering::Relaxed);
    let known = table::with(|table| {
        let record = lender(table)?;
        loan.next.store(record.loans.get().0, Ordering::Relaxed);
        record.loans.set(head);
        Some(())
    });
    if known.flatten().is_none() {
        // The region around has no record: it ends this one.
        loan.next.store(Head::NONE.0, Ordering::Relaxed);
        push::loans(head);
    }
    if flags & word::BUDGET != 0 {
        loan.budget.start(&budget::left());
        budget::share(head);
    }
}

/// What a borrower's record has for a budget that is shared through a loan.
pub(crate) fn shared(address: Address) -> Head {
    Head::of(address.index())
}

/// The loan through which the innermost open budget is shared, and what is left of all open budgets together.
pub(crate) fn sharing() -> (Option<Address>, Budget) {
    let shared = budget::innermost_shared();
    (loan::at(shared).map(loan::Loan::address), budget::left())
}

/// True if what this thread requests is taken off the budget that is shared through a loan anyway.
pub(crate) fn is_spent(address: Address) -> bool {
    known(address).is_some_and(budget::is_shared_through)
}

/// A borrowed policy begins to count for a loan's lender. Returns the stretch of time that it does so in; see
/// [`begin_counting`](loan::Loan::begin_counting).
pub(crate) fn begin_counting(borrowed: Serial, address: Address) -> u64 {
    let is_it = |record: &Record| record.serial() == borrowed;
    let _ = table::with(|table| {
        let record = table.record(table.find(is_it)?)?;
        record.set_counts_for(Head::of(address.index()));
        Some(())
    });
    loan::of(address).map_or(0, loan::Loan::begin_counting)
}

/// It is done.
pub(crate) fn end_counting(address: Address) {
    if let Some(loan) = loan::of(address) {
        loan.end_counting();
    }
}

/// True if a loan's lender counts what happens here anyway: it is open here, or is told by a borrowed policy that is open here.
pub(crate) fn is_counted_for(address: Address) -> bool {
    let is_told = |table: &Table| {
        let mut is_told = false;
        table.for_each(|record| {
            is_told = loan::at(record.counts_for()).is_some_and(|loan| loan.address() == address);
            !is_told && !record.kind().hides_counts()
        });
        is_told
    };
    is_own(address) || table::with(is_told).unwrap_or(false)
}

/// The loan whose lender is told all that is counted here: that of the innermost borrowed policy, where no region further in counts.
pub(crate) fn counted_for() -> Option<Address> {
    table::with(|table| {
        for index in (0..table.len()).rev() {
            let record = table.record(index)?;
            if let Some(loan) = loan::at(record.counts_for()) {
                return Some(loan.address());
            }
            // What a borrowed policy counts by lies right above it.
            let is_own = || table.below(index).is_none_or(|below| below.counts_for().is_empty());
            if record.kind().hides_counts() || record.kind() == Kind::Counting && is_own() {
                return None;
            }
        }
        None
    })
    .flatten()
}

/// A future stops being polled: its loans have no thread.
pub(crate) fn detach(head: Head) {
    for loan in loan::all(head) {
        loan.thread.store(0, Ordering::Relaxed);
    }
}

/// A future is polled on this thread: its loans are the innermost region's. A budget of its own is shared again.
pub(crate) fn attach(head: Head, has_budget: bool) {
    let known = table::with(|table| table.top().map(|top| top.loans.set(head))).flatten();
    if known.is_none() {
        push::loans(head);
    }
    for loan in loan::all(head) {
        loan.thread.store(table::thread_number(), Ordering::Relaxed);
        if has_budget && loan.flags.load(Ordering::Relaxed) & word::BUDGET != 0 {
            budget::share(Head::of(loan.address().index()));
        }
    }
}

/// Adds a list to the innermost region's loans.
pub(crate) fn join(head: Head) {
    let Some(last) = loan::all(head).last() else { return };
    let known = table::with(|table| {
        let record = lender(table)?;
        last.next.store(record.loans.replace(head).0, Ordering::Relaxed);
        Some(())
    });
    if known.flatten().is_none() {
        push::loans(head);
    }
}

/// The loan, if its place has not been used again.
fn known(address: Address) -> Option<&'static loan::Loan> {
    loan::of(address).filter(|loan| loan.address() == address)
}

/// True if the loan's lender runs on this thread now.
pub(crate) fn is_own(address: Address) -> bool {
    let thread = table::thread_number();
    known(address).is_some_and(|loan| loan.thread.load(Ordering::Relaxed) == thread)
}
