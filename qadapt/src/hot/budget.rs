//! Open budgets and what is used of them.

use core::cell::Cell;
use core::ptr;

use super::event::Request;
use crate::model::{Budget, Op};

/// A budget and what its region has used so far.
#[derive(Debug)]
pub(crate) struct Open {
    outer: Cell<*const Open>,
    limits: Budget,
    allocs: Cell<u64>,
    bytes: Cell<u64>,
    live: Cell<i64>,
}

thread_local! {
    static INNERMOST: Cell<*const Open> = const { Cell::new(ptr::null()) };
}

/// What has been used of a budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    allocs: u64,
    bytes: u64,
    live: i64,
}

impl Used {
    pub(crate) const NOTHING: Self = Self { allocs: 0, bytes: 0, live: 0 };
}

impl Open {
    pub(crate) const fn new(limits: Budget, used: Used) -> Self {
        Self {
            outer: Cell::new(ptr::null()),
            limits,
            allocs: Cell::new(used.allocs),
            bytes: Cell::new(used.bytes),
            live: Cell::new(used.live),
        }
    }

    pub(crate) fn used(&self) -> Used {
        Used { allocs: self.allocs.get(), bytes: self.bytes.get(), live: self.live.get() }
    }

    /// Puts the budget above those that are open.
    ///
    /// It must stay where it is until [`set_innermost`] has taken it off again.
    pub(crate) fn open(&self) {
        self.outer.set(set_innermost(self));
    }

    /// True if the request would use more than is left.
    fn is_exceeded_by(&self, request: &Request) -> bool {
        let limits = &self.limits;
        let size = request.size as u64;
        let live =
            self.live.get().saturating_add_unsigned(size).saturating_sub_unsigned(request.old_size as u64);
        self.allocs.get() >= limits.allocs
            || self.bytes.get().saturating_add(size) > limits.bytes
            || u64::try_from(live).is_ok_and(|live| live > limits.peak_bytes)
    }

    fn take(&self, request: &Request) {
        let size = request.size as u64;
        let live = self.live.get();
        if request.op == Op::Dealloc {
            self.live.set(live.saturating_sub_unsigned(size));
            return;
        }
        self.live.set(live.saturating_add_unsigned(size).saturating_sub_unsigned(request.old_size as u64));
        self.bytes.set(self.bytes.get().saturating_add(size));
        if request.grows() {
            self.allocs.set(self.allocs.get().saturating_add(1));
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
    for_each(|open| open.take(request));
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
