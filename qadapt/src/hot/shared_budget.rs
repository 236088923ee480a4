//! A budget that several threads use.

use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use super::request::Request;
use super::spending::Used;
use crate::model::Budget;

/// What was left of a thread's budgets when it lent them, and what all threads have used of that since.
///
/// Two requests at the same moment may both get the last of it. Relaxed throughout: each figure stands for itself.
#[derive(Debug)]
pub(crate) struct SharedBudget {
    allocs: AtomicU64,
    requests: AtomicU64,
    bytes: AtomicU64,
    peak_bytes: AtomicU64,
    /// Calls that are left: the limit, less what all threads have made.
    calls: AtomicU32,
    /// The borrowers' calls, as far as they are not yet taken off the lender's own budgets.
    borrowed_calls: AtomicU32,
    used: Sum,
    /// The borrowers' part, as far as it is not yet taken off the lender's own budgets.
    borrowed: Sum,
}

#[derive(Debug)]
struct Sum {
    allocs: AtomicU64,
    requests: AtomicU64,
    bytes: AtomicU64,
    live: AtomicI64,
}

impl Sum {
    const fn new() -> Self {
        Self {
            allocs: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            live: AtomicI64::new(0),
        }
    }

    fn add(&self, used: Used) {
        self.allocs.fetch_add(used.allocs, Ordering::Relaxed);
        self.requests.fetch_add(used.requests, Ordering::Relaxed);
        self.bytes.fetch_add(used.bytes, Ordering::Relaxed);
        self.live.fetch_add(used.live, Ordering::Relaxed);
    }

    fn get(&self) -> Used {
        Used {
            allocs: self.allocs.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            live: self.live.load(Ordering::Relaxed),
        }
    }

    fn take(&self) -> Used {
        Used {
            allocs: self.allocs.swap(0, Ordering::Relaxed),
            requests: self.requests.swap(0, Ordering::Relaxed),
            bytes: self.bytes.swap(0, Ordering::Relaxed),
            live: self.live.swap(0, Ordering::Relaxed),
        }
    }
}

impl SharedBudget {
    pub(super) const fn new() -> Self {
        Self {
            allocs: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
            calls: AtomicU32::new(0),
            borrowed_calls: AtomicU32::new(0),
            used: Sum::new(),
            borrowed: Sum::new(),
        }
    }

    /// Begins anew with these limits.
    pub(super) fn start(&self, left: &Budget) {
        self.allocs.store(left.allocs, Ordering::Relaxed);
        self.requests.store(left.requests, Ordering::Relaxed);
        self.bytes.store(left.bytes, Ordering::Relaxed);
        self.peak_bytes.store(left.peak_bytes, Ordering::Relaxed);
        self.calls.store(left.calls, Ordering::Relaxed);
        self.borrowed_calls.store(0, Ordering::Relaxed);
        self.used.take();
        self.borrowed.take();
    }

    /// The limits on what is asked of the allocator from the lending on.
    pub(super) fn left(&self) -> Budget {
        Budget {
            allocs: self.allocs.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            peak_bytes: self.peak_bytes.load(Ordering::Relaxed),
            ..Budget::new()
        }
    }

    pub(super) fn used(&self) -> Used {
        self.used.get()
    }

    pub(super) fn is_exceeded_by(&self, request: &Request) -> bool {
        self.used().leaves_no_room_for(request, &self.left())
    }

    pub(super) fn take(&self, used: Used, by_borrower: bool) {
        self.used.add(used);
        if by_borrower {
            self.borrowed.add(used);
        }
    }

    /// What borrowers have used since the last time.
    pub(super) fn take_borrowed(&self) -> Used {
        self.borrowed.take()
    }
    /// The calls that are left; [`Budget::NO_CALLS_GIVEN`] where they have no limit.
    pub(super) fn calls_left(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Takes a borrower's calls off.
    pub(super) fn take_borrowed_off(&self, calls: u32) {
        let less = |left| (left != Budget::NO_CALLS_GIVEN).then(|| u32::saturating_sub(left, calls));
        let _ = self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        // Release: see `borrowed_calls`.
        self.borrowed_calls.fetch_add(calls, Ordering::Release);
    }

    /// Leaves borrowers this many calls at most.
    pub(super) fn limit_calls(&self, most: u32) {
        let less = |left| (left != Budget::NO_CALLS_GIVEN && most < left).then_some(most);
        let _ = self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// What borrowers have called since the last time. Acquire: whoever sees such a call sees that it is off those that are left, and
    /// so does not take it off again.
    pub(super) fn borrowed_calls(&self) -> u32 {
        self.borrowed_calls.load(Ordering::Acquire)
    }

    /// The same, and begins anew.
    pub(super) fn take_borrowed_calls(&self) -> u32 {
        self.borrowed_calls.swap(0, Ordering::Acquire)
    }
}
