//! What the lender of a policy keeps of one loan.

use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use qadapt_spin::Address;

use super::head::Head;
use super::shared_budget::SharedBudget;

/// Loans of all threads that can be open at once.
pub(crate) const ROOM: usize = 64;

/// In [`Loan::counting`].
const STRETCH: u64 = 1 << 32;
const BORROWERS: u64 = STRETCH - 1;

/// Borrowers only touch `thread`, `budget` and `counting`; the rest lies in atomics because a future takes its loans from thread to
/// thread. Relaxed: what moves the future synchronises.
pub(super) struct Loan {
    pub(super) address: AtomicU64,
    pub(super) next: AtomicU32,
    /// What was lent, in the word's flags.
    pub(super) flags: AtomicI64,
    /// The lender's thread, by a number that no other thread has; 0 while the lender is a future that is not being polled.
    pub(super) thread: AtomicU64,
    pub(super) budget: SharedBudget,
    /// How many borrowers count for the lender, in the lower half; above, how often the first of some began to.
    pub(super) counting: AtomicU64,
}

static LOANS: [Loan; ROOM] = [const { Loan::new() }; ROOM];

impl Loan {
    const fn new() -> Self {
        Self {
            address: AtomicU64::new(0),
            next: AtomicU32::new(0),
            flags: AtomicI64::new(0),
            thread: AtomicU64::new(0),
            budget: SharedBudget::new(),
            counting: AtomicU64::new(0),
        }
    }

    pub(super) fn address(&self) -> Address {
        Address::from_bits(self.address.load(Ordering::Relaxed))
    }

    /// A borrower begins to count for the lender. Returns the stretch of time that it does so in: within one, borrowers may run side
    /// by side; all of one stretch was over when the next one began. Relaxed: it guards nothing.
    pub(super) fn begin_counting(&self) -> u64 {
        let begin = |counting: u64| {
            let stretch = if counting & BORROWERS == 0 { STRETCH } else { 0 };
            Some(counting.wrapping_add(stretch + 1))
        };
        let before = self.counting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin);
        let now = before.ok().and_then(begin).unwrap_or(0);
        now / STRETCH
    }

    pub(super) fn end_counting(&self) {
        self.counting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn next(&self) -> Head {
        Head(self.next.load(Ordering::Relaxed))
    }
}

/// The loan whose mailbox this is.
pub(super) fn of(address: Address) -> Option<&'static Loan> {
    LOANS.get(address.index())
}

/// The first loan of a list.
pub(super) fn at(head: Head) -> Option<&'static Loan> {
    LOANS.get(head.number()?)
}

/// The loans of a list.
pub(super) fn all(head: Head) -> impl Iterator<Item = &'static Loan> {
    let mut next = head;
    core::iter::from_fn(move || {
        let loan = at(next)?;
        next = loan.next();
        Some(loan)
    })
}

/// Puts one list behind another.
pub(super) fn joined(first: Head, then: Head) -> Head {
    let Some(last) = all(first).last() else { return then };
    last.next.store(then.0, Ordering::Relaxed);
    first
}
