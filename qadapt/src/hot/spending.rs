//! What budgets count: what was used, and up to where it may go.
//!
//! A thread has one running total. A budget is a place up to which that total may go, so that a request is held
//! against all open budgets at once: against the least of their places.

use core::cell::Cell;

use super::figure;
use super::request::Request;
use crate::model::{Budget, Op};

/// What has been used of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) allocs: u64,
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) live: i64,
}

impl Used {
    pub(crate) const NOTHING: Self = Self { allocs: 0, requests: 0, bytes: 0, live: 0 };

    /// What one request uses.
    pub(super) fn by(request: &Request) -> Self {
        let live = request.change();
        if request.op == Op::Dealloc {
            return Self { live, ..Self::NOTHING };
        }
        let allocs = u64::from(request.op != Op::Realloc);
        Self { allocs, requests: 1, bytes: request.size as u64, live }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            allocs: self.allocs.saturating_add(other.allocs),
            requests: self.requests.saturating_add(other.requests),
            bytes: self.bytes.saturating_add(other.bytes),
            live: self.live.saturating_add(other.live),
        }
    }

    /// The total from which on a budget counts that has used so much already.
    pub(crate) const fn less(self, used: Self) -> Start {
        Start(Self {
            allocs: self.allocs.wrapping_sub(used.allocs),
            requests: self.requests.wrapping_sub(used.requests),
            bytes: self.bytes.wrapping_sub(used.bytes),
            live: self.live.wrapping_sub(used.live),
        })
    }

    /// True if the limits do not allow for the request on top of this.
    pub(super) fn leaves_no_room_for(self, request: &Request, limits: &Budget) -> bool {
        let more = Self::by(request);
        let then = self.and(more);
        more.allocs > 0 && then.allocs > limits.allocs
            || then.requests > limits.requests
            || then.bytes > limits.bytes
            || more.live > 0 && u64::try_from(then.live).is_ok_and(|live| live > limits.peak_bytes)
    }

    /// The limits on what comes on top of this; calls are not among it.
    pub(super) fn left_of(self, limits: &Budget) -> Budget {
        let less = |limit: u64, used: u64| if limit == u64::MAX { limit } else { limit.saturating_sub(used) };
        let live = u64::try_from(self.live).unwrap_or(0);
        let given_back = if self.live < 0 { self.live.unsigned_abs() } else { 0 };
        Budget {
            allocs: less(limits.allocs, self.allocs),
            requests: less(limits.requests, self.requests),
            bytes: less(limits.bytes, self.bytes),
            peak_bytes: less(limits.peak_bytes, live).saturating_add(given_back),
            ..Budget::new()
        }
    }
}

/// What one thread has used while a budget was open.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) allocs: Cell<u64>,
    pub(super) requests: Cell<u64>,
    pub(super) bytes: Cell<u64>,
    pub(super) live: Cell<i64>,
}

impl Total {
    pub(super) fn get(&self) -> Used {
        Used {
            allocs: self.allocs.get(),
            requests: self.requests.get(),
            bytes: self.bytes.get(),
            live: self.live.get(),
        }
    }

    pub(super) fn set(&self, used: Used) {
        self.allocs.set(used.allocs);
        self.requests.set(used.requests);
        self.bytes.set(used.bytes);
        self.live.set(used.live);
    }

    /// Each figure in one step, so that what a signal handler adds in between is not lost.
    pub(super) fn add(&self, used: Used) {
        figure::add(&self.allocs, used.allocs);
        figure::add(&self.requests, used.requests);
        figure::add(&self.bytes, used.bytes);
        figure::change(&self.live, used.live);
    }
}

/// Where a budget began in its thread's total. It wraps: of a future's budget more may have been used, on other threads,
/// than this thread's total.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start(Used);

impl Start {
    /// What has been used from here to a total.
    pub(crate) const fn to(self, total: Used) -> Used {
        Used {
            allocs: total.allocs.wrapping_sub(self.0.allocs),
            requests: total.requests.wrapping_sub(self.0.requests),
            bytes: total.bytes.wrapping_sub(self.0.bytes),
            live: total.live.wrapping_sub(self.0.live),
        }
    }
}

/// Up to where a thread's total may go; the greatest numbers stand for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caps {
    allocs: u64,
    requests: u64,
    bytes: u64,
    live: i64,
}

impl Caps {
    pub(crate) const NONE: Self =
        Self { allocs: u64::MAX, requests: u64::MAX, bytes: u64::MAX, live: i64::MAX };
    pub(super) const ZERO: Self = Self { allocs: 0, requests: 0, bytes: 0, live: 0 };

    /// The caps of a budget of which so much was used before, at this total.
    pub(super) fn of(limits: &Budget, used: Used, total: Used) -> Self {
        let cap = |limit: u64, used: u64, total: u64| {
            if limit == u64::MAX { limit } else { total.saturating_add(limit.saturating_sub(used)) }
        };
        let live = i64::try_from(limits.peak_bytes).map_or(i64::MAX, |peak| {
            // Live bytes may be negative: then there is room for more than the limit.
            total.live.saturating_sub(used.live).saturating_add(peak)
        });
        Self {
            allocs: cap(limits.allocs, used.allocs, total.allocs),
            requests: cap(limits.requests, used.requests, total.requests),
            bytes: cap(limits.bytes, used.bytes, total.bytes),
            live,
        }
    }

    /// A total, kept where caps are.
    pub(super) const fn keeping(total: Used) -> Self {
        Self { allocs: total.allocs, requests: total.requests, bytes: total.bytes, live: total.live }
    }

    /// The total that was kept.
    pub(super) const fn kept(self) -> Used {
        Used { allocs: self.allocs, requests: self.requests, bytes: self.bytes, live: self.live }
    }

    /// The same distances from another total.
    pub(super) fn moved(self, from: Used, to: Used) -> Self {
        let moved = |cap: u64, from: u64, to: u64| {
            if cap == u64::MAX { cap } else { cap.wrapping_sub(from).wrapping_add(to) }
        };
        let live = if self.live == i64::MAX {
            self.live
        } else {
            self.live.wrapping_sub(from.live).wrapping_add(to.live)
        };
        Self {
            allocs: moved(self.allocs, from.allocs, to.allocs),
            requests: moved(self.requests, from.requests, to.requests),
            bytes: moved(self.bytes, from.bytes, to.bytes),
            live,
        }
    }

    /// The caps of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            allocs: self.allocs.min(other.allocs),
            requests: self.requests.min(other.requests),
            bytes: self.bytes.min(other.bytes),
            live: self.live.min(other.live),
        }
    }

    /// True if the request, on top of the total, goes over a cap.
    pub(super) fn are_exceeded_by(self, request: &Request, total: Used) -> bool {
        let more = Used::by(request);
        let then = total.and(more);
        more.allocs > 0 && then.allocs > self.allocs
            || then.requests > self.requests
            || then.bytes > self.bytes
            || more.live > 0 && then.live > self.live
    }

    /// What is left up to the caps.
    pub(super) fn left(self, total: Used) -> Budget {
        let left = |cap: u64, total: u64| if cap == u64::MAX { cap } else { cap.saturating_sub(total) };
        Budget {
            allocs: left(self.allocs, total.allocs),
            requests: left(self.requests, total.requests),
            bytes: left(self.bytes, total.bytes),
            peak_bytes: if self.live == i64::MAX {
                u64::MAX
            } else {
                u64::try_from(self.live.saturating_sub(total.live)).unwrap_or(0)
            },
            ..Budget::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: Used = Used { allocs: 9, requests: 10, bytes: 1000, live: -50 };

    fn alloc(size: usize) -> Request {
        Request { op: Op::Alloc, size, old_size: 0, align: 1 }
    }

    #[test]
    fn a_budget_counts_from_its_entry() {
        let caps = Caps::of(&Budget::new().requests(2).bytes(64).peak_bytes(32), Used::NOTHING, TOTAL);
        assert!(!caps.are_exceeded_by(&alloc(32), TOTAL));
        assert!(caps.are_exceeded_by(&alloc(33), TOTAL), "33 live bytes of 32");
        let after = TOTAL.and(Used { allocs: 2, requests: 2, bytes: 40, live: 0 });
        assert!(caps.are_exceeded_by(&alloc(1), after), "the third allocation of 2");
        assert_eq!(caps.left(after), Budget::new().requests(0).bytes(24).peak_bytes(32));
    }

    #[test]
    fn a_reallocation_is_no_allocation() {
        let realloc = Request { op: Op::Realloc, size: 9, old_size: 8, align: 1 };
        let caps = Caps::of(&Budget::new().allocs(1), Used::NOTHING, TOTAL);
        let after = TOTAL.and(Used::by(&alloc(8)));
        assert!(!caps.are_exceeded_by(&realloc, after));
        let after = after.and(Used::by(&realloc));
        assert!(caps.are_exceeded_by(&alloc(8), after));
        let over = after.and(Used::by(&alloc(8)));
        assert!(!caps.are_exceeded_by(&realloc, over), "over the limit already, but not by this");
        assert!(Used::by(&alloc(8)).leaves_no_room_for(&alloc(8), &Budget::new().allocs(1)));
        assert!(!Used::by(&alloc(8)).leaves_no_room_for(&realloc, &Budget::new().allocs(1)));
    }

    #[test]
    fn what_was_used_before_counts() {
        let used = Used { allocs: 1, requests: 1, bytes: 60, live: -8 };
        let caps = Caps::of(&Budget::new().requests(2).bytes(64).peak_bytes(32), used, TOTAL);
        assert_eq!(caps.left(TOTAL), Budget::new().requests(1).bytes(4).peak_bytes(40));
        assert_eq!(TOTAL.less(used).to(TOTAL), used);
        let later = TOTAL.and(Used { allocs: 0, requests: 3, bytes: 5, live: 7 });
        assert_eq!(TOTAL.less(used).to(later), Used { allocs: 1, requests: 4, bytes: 65, live: -1 });
    }

    #[test]
    fn moved_caps_leave_as_much() {
        let limits = Budget::new().requests(2).peak_bytes(32);
        let other = Used { allocs: 2, requests: 3, bytes: 7, live: 99 };
        let moved = Caps::of(&limits, Used::NOTHING, TOTAL).moved(TOTAL, other);
        assert_eq!(moved.left(other), limits);
    }

    #[test]
    fn no_limit_is_never_exceeded() {
        let caps = Caps::of(&Budget::new(), Used::NOTHING, TOTAL);
        assert_eq!(caps, Caps::NONE);
        assert!(!caps.are_exceeded_by(&alloc(usize::MAX), TOTAL));
        assert_eq!(caps.left(TOTAL), Budget::new());
    }

    #[test]
    fn the_lower_cap_holds() {
        let few = Caps::of(&Budget::new().requests(1), Used::NOTHING, TOTAL);
        let small = Caps::of(&Budget::new().bytes(8), Used::NOTHING, TOTAL);
        assert!(few.and(small).are_exceeded_by(&alloc(9), TOTAL));
        assert_eq!(few.and(small).left(TOTAL), Budget::new().requests(1).bytes(8));
    }
}
