//! Open budgets and what is used of them.

use core::cell::Cell;
use core::ptr;

use super::event::Request;
use super::shared_budget::SharedBudget;
use crate::model::{Budget, Op};

/// A budget and what its region has used so far.
#[derive(Debug)]
pub(crate) struct Open {
    outer: Cell<*const Open>,
    limits: Budget,
    used: Cell<Used>,
    /// Where what was left of it, and of those outside it, is shared with other threads.
    shared: Cell<Option<&'static SharedBudget>>,
    is_borrowed: bool,
}

thread_local! {
    static INNERMOST: Cell<*const Open> = const { Cell::new(ptr::null()) };
}

/// What has been used of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) allocs: u64,
    pub(crate) bytes: u64,
    pub(crate) live: i64,
}

impl Used {
    pub(crate) const NOTHING: Self = Self { allocs: 0, bytes: 0, live: 0 };

    /// What one request uses.
    fn by(request: &Request) -> Self {
        let size = request.size as u64;
        if request.op == Op::Dealloc {
            return Self { live: 0_i64.saturating_sub_unsigned(size), ..Self::NOTHING };
        }
        let live = 0_i64.saturating_add_unsigned(size).saturating_sub_unsigned(request.old_size as u64);
        Self { allocs: u64::from(request.grows()), bytes: size, live }
    }

    fn and(self, other: Self) -> Self {
        Self {
            allocs: self.allocs.saturating_add(other.allocs),
            bytes: self.bytes.saturating_add(other.bytes),
            live: self.live.saturating_add(other.live),
        }
    }

    /// True if the limits do not allow for the request on top of this.
    pub(super) fn leaves_no_room_for(self, request: &Request, limits: &Budget) -> bool {
        let then = self.and(Self::by(request));
        self.allocs >= limits.allocs
            || then.bytes > limits.bytes
            || u64::try_from(then.live).is_ok_and(|live| live > limits.peak_bytes)
    }

    /// The limits on what comes on top of this.
    fn left_of(self, limits: &Budget) -> Budget {
        let less = |limit: u64, used: u64| if limit == u64::MAX { limit } else { limit.saturating_sub(used) };
        let live = u64::try_from(self.live).unwrap_or(0);
        let given_back = if self.live < 0 { self.live.unsigned_abs() } else { 0 };
        Budget {
            allocs: less(limits.allocs, self.allocs),
            bytes: less(limits.bytes, self.bytes),
            peak_bytes: less(limits.peak_bytes, live).saturating_add(given_back),
            warm_up: 0,
        }
    }
}

impl Open {
    pub(crate) const fn new(limits: Budget, used: Used) -> Self {
        Self {
            outer: Cell::new(ptr::null()),
            limits,
            used: Cell::new(used),
            shared: Cell::new(None),
            is_borrowed: false,
        }
    }

    /// Another thread's budget.
    pub(crate) const fn borrowed(shared: &'static SharedBudget) -> Self {
        Self { shared: Cell::new(Some(shared)), is_borrowed: true, ..Self::new(Budget::new(), Used::NOTHING) }
    }

    pub(crate) fn used(&self) -> Used {
        self.used.get()
    }

    /// Puts the budget above those that are open.
    ///
    /// It must stay where it is until [`set_innermost`] has taken it off again.
    pub(crate) fn open(&self) {
        self.outer.set(set_innermost(self));
    }

    /// True if the request would use more than is left.
    fn is_exceeded_by(&self, request: &Request) -> bool {
        self.used.get().leaves_no_room_for(request, &self.limits)
            || self.shared.get().is_some_and(|shared| shared.is_exceeded_by(request))
    }

    fn take(&self, used: Used) {
        self.used.set(self.used.get().and(used));
        if let Some(shared) = self.shared.get() {
            shared.take(used, self.is_borrowed);
        }
    }
}

/// The innermost open budget; null where there is none.
pub(crate) fn innermost() -> *const Open {
    INNERMOST.try_with(Cell::get).unwrap_or(ptr::null())
}

/// Makes a budget the innermost one, or none where it is null, and returns the one that was.
pub(crate) fn set_innermost(open: *const Open) -> *const Open {
    INNERMOST.try_with(|cell| cell.replace(open)).unwrap_or(ptr::null())
}

/// True if the request would use more than an open budget has left.
pub(super) fn is_exceeded_by(request: &Request) -> bool {
    let mut exceeded = false;
    for_each(|open| exceeded |= open.is_exceeded_by(request));
    request.grows() && exceeded
}

/// Takes a request that succeeded off every open budget.
pub(super) fn take(request: &Request) {
    let used = Used::by(request);
    for_each(|open| open.take(used));
}

/// What is left of all open budgets together.
pub(crate) fn left() -> Budget {
    let mut least = Budget::new();
    for_each(|open| {
        let mut also = |left: Budget| {
            least.allocs = least.allocs.min(left.allocs);
            least.bytes = least.bytes.min(left.bytes);
            least.peak_bytes = least.peak_bytes.min(left.peak_bytes);
        };
        also(open.used().left_of(&open.limits));
        if let Some(shared) = open.shared.get() {
            also(shared.used().left_of(&shared.left()));
        }
    });
    least
}

/// Shares the innermost open budget, unless it is shared already: what this thread uses of it counts there from here on.
pub(super) fn share(shared: &'static SharedBudget) {
    with_innermost(|open| open.shared.set(Some(open.shared.get().unwrap_or(shared))));
}

/// Where the innermost open budget is shared.
pub(super) fn shared() -> Option<&'static SharedBudget> {
    with_innermost(|open| open.shared.get()).flatten()
}

/// Takes what other threads have used off the budgets that were shared with them, which no longer are.
pub(super) fn settle(shared: &SharedBudget) {
    let mut owed = None;
    for_each(|open| {
        if open.shared.get().is_some_and(|open| ptr::eq(open, shared)) && !open.is_borrowed {
            owed = Some(shared.take_borrowed());
            open.shared.set(None);
        }
        if let Some(owed) = owed {
            open.used.set(open.used.get().and(owed));
        }
    });
}

fn with_innermost<R>(act: impl FnOnce(&Open) -> R) -> Option<R> {
    let mut act = Some(act);
    let mut result = None;
    for_each(|open| result = act.take().map(|act| act(open)).or(result.take()));
    result
}

#[expect(unsafe_code, reason = "open budgets lie with the regions that hold them")]
fn for_each(mut act: impl FnMut(&Open)) {
    let mut next = innermost();
    // SAFETY: a pointer in the chain was set by `open`, whose caller keeps the budget in place until it has taken it
    // off the chain; only this thread can see it, and it is only ever shared.
    while let Some(open) = unsafe { next.as_ref() } {
        act(open);
        next = open.outer.get();
    }
}
