//! The policies that open regions of this thread have lent to other threads.
//!
//! A loan belongs to the closure region, counting region or future in which it was made: that sets aside the loans of
//! the ones around it when it opens. Those of guards and manual regions are told by number.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use qadapt_spin::Address;

use super::shared_budget::SharedBudget;
use super::{budget, guards, manual, word};

/// Loans of all threads that can be open at once.
pub(crate) const ROOM: usize = 64;

/// The first of a list of loans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head(u32);

impl Head {
    pub(crate) const NONE: Self = Self(0);

    #[inline(always)]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn of(number: usize) -> Self {
        Self(u32::try_from(number + 1).unwrap_or(0))
    }

    fn loan(self) -> Option<&'static Loan> {
        LOANS.get((self.0 as usize).checked_sub(1)?)
    }

    /// The addresses of the list.
    pub(crate) fn addresses(self) -> impl Iterator<Item = Address> {
        self.loans().map(|loan| Address::from_bits(loan.address.load(Ordering::Relaxed)))
    }

    fn loans(self) -> impl Iterator<Item = &'static Loan> {
        let mut next = self;
        core::iter::from_fn(move || {
            let loan = next.loan()?;
            next = loan.next();
            Some(loan)
        })
    }
}

/// What the lender keeps of a loan. Borrowers only touch `thread` and `budget`; the rest lies in atomics because a
/// future takes its loans from thread to thread. Relaxed: what moves the future synchronises.
struct Loan {
    address: AtomicU64,
    next: AtomicU32,
    /// What was lent, in the word's flags.
    flags: AtomicI64,
    /// The innermost guard.
    guard: AtomicU64,
    /// The open manual regions.
    manual: AtomicU32,
    /// The address of the lender's word; 0 while the lender is a future that is not being polled.
    thread: AtomicUsize,
    budget: SharedBudget,
}

impl Loan {
    const fn new() -> Self {
        Self {
            address: AtomicU64::new(0),
            next: AtomicU32::new(0),
            flags: AtomicI64::new(0),
            guard: AtomicU64::new(0),
            manual: AtomicU32::new(0),
            thread: AtomicUsize::new(0),
            budget: SharedBudget::new(),
        }
    }

    fn next(&self) -> Head {
        Head(self.next.load(Ordering::Relaxed))
    }
}

static LOANS: [Loan; ROOM] = [const { Loan::new() }; ROOM];

thread_local! {
    static HEAD: Cell<Head> = const { Cell::new(Head::NONE) };
}

/// The loans of the innermost region.
pub(crate) fn innermost() -> Head {
    HEAD.try_with(Cell::get).unwrap_or(Head::NONE)
}

/// Makes these the loans of the innermost region, and returns those that were.
pub(crate) fn replace(head: Head) -> Head {
    HEAD.try_with(|cell| cell.replace(head)).unwrap_or(Head::NONE)
}

/// The innermost region's loan of exactly what is open now, if there is one.
pub(crate) fn equal(flags: i64) -> Option<Address> {
    let loan = innermost().loan()?;
    let same = loan.flags.load(Ordering::Relaxed) == flags
        && loan.guard.load(Ordering::Relaxed) == guards::innermost().number
        && loan.manual.load(Ordering::Relaxed) == manual::count();
    same.then(|| Address::from_bits(loan.address.load(Ordering::Relaxed)))
}

/// Adds a loan to the innermost region's.
pub(crate) fn add(address: Address, flags: i64) {
    let Some(loan) = LOANS.get(address.index()) else { return };
    let head = Head::of(address.index());
    loan.address.store(address.to_bits(), Ordering::Relaxed);
    loan.next.store(replace(head).0, Ordering::Relaxed);
    loan.flags.store(flags, Ordering::Relaxed);
    loan.guard.store(guards::innermost().number, Ordering::Relaxed);
    loan.manual.store(manual::count(), Ordering::Relaxed);
    loan.thread.store(word::address(), Ordering::Relaxed);
    if flags & word::BUDGET != 0 {
        loan.budget.start(&budget::left());
        budget::share(&loan.budget);
    }
}

/// The budget of a loan, if it is shared through it.
pub(crate) fn budget(address: Address) -> Option<&'static SharedBudget> {
    LOANS.get(address.index()).map(|loan| &loan.budget)
}

/// The loan through which the innermost open budget is shared.
pub(crate) fn sharing() -> Option<Address> {
    let shared = budget::shared()?;
    let loan = LOANS.iter().find(|loan| ptr::eq(&raw const loan.budget, shared))?;
    Some(Address::from_bits(loan.address.load(Ordering::Relaxed)))
}

/// Takes what borrowers have used of a list's budgets off this thread's, while those are still open. They are shared no
/// longer.
pub(crate) fn settle(head: Head) {
    head.loans().for_each(|loan| budget::settle(&loan.budget));
}

/// A future stops being polled: its loans have no thread, and no guard or manual region of a thread ends them.
pub(crate) fn detach(head: Head) {
    for loan in head.loans() {
        loan.thread.store(0, Ordering::Relaxed);
        loan.guard.store(0, Ordering::Relaxed);
        loan.manual.store(0, Ordering::Relaxed);
    }
}

/// A future is polled on this thread: its loans are the innermost region's. A budget of its own is shared again.
pub(crate) fn attach(head: Head, has_budget: bool) {
    replace(head);
    for loan in head.loans() {
        loan.thread.store(word::address(), Ordering::Relaxed);
        if has_budget && loan.flags.load(Ordering::Relaxed) & word::BUDGET != 0 {
            budget::share(&loan.budget);
        }
    }
}

/// Adds a list in front of the innermost region's loans.
pub(crate) fn join(head: Head) {
    if let Some(last) = head.loans().last() {
        last.next.store(replace(head).0, Ordering::Relaxed);
    }
}

/// Takes off the innermost region's loans that were made since a guard was opened.
pub(crate) fn take_since_guard(number: u64) -> Head {
    take_while(|loan| loan.guard.load(Ordering::Relaxed) >= number)
}

/// Takes off the innermost region's loans that were made since the innermost manual region was entered.
pub(crate) fn take_since_manual() -> Head {
    take_while(|loan| loan.manual.load(Ordering::Relaxed) >= manual::count())
}

fn take_while(belongs: impl Fn(&Loan) -> bool) -> Head {
    let first = innermost();
    let Some(last) = first.loans().take_while(|loan| belongs(loan)).last() else { return Head::NONE };
    replace(last.next());
    last.next.store(Head::NONE.0, Ordering::Relaxed);
    first
}

/// True if the loan's lender runs on this thread now.
pub(crate) fn is_own(address: Address) -> bool {
    LOANS.get(address.index()).is_some_and(|loan| loan.thread.load(Ordering::Relaxed) == word::address())
}
