//! Policies: what a region disallows, and what happens then.

use core::panic::Location;

use super::edge;
use super::guard::Region;
use super::polled::Source;
use super::scope::{Change, Scope};
use crate::checks;
use crate::hot::budget::{Open, Used};
use crate::hot::frame::Room;
use crate::hot::{entries, inject, word};
use crate::mark;
use crate::model::{Budget, Mode, Ops, Place};

/// What a region disallows and what happens then, for regions that [`assert_no_alloc`](crate::assert_no_alloc) is too
/// strict or too lenient for.
///
/// Protection only adds: inside another region a policy can disallow more, never less; of the modes open on a thread
/// the most severe acts (count, log, panic, fail, abort, trap, from mild to severe).
///
/// # Examples
/// Frees are allowed, memory requests are not, and no permit changes that:
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Ops, Policy};
///
/// const NO_GROWTH: Policy = Policy::new().name("ingest").allow(Ops::DEALLOC).forbid();
///
/// let consumed = vec![1, 2, 3];
/// let sum: i32 = NO_GROWTH.run(|| consumed.into_iter().sum());
/// assert_eq!(sum, 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a policy does nothing until it is run or entered"]
pub struct Policy {
    ops: Ops,
    mode: Option<Mode>,
    forbid: bool,
    budget: Option<Budget>,
    name: Option<&'static str>,
    sample: u64,
    fail_nth: u64,
}

impl Policy {
    /// Everything is disallowed, in the process's default mode: what [`assert_no_alloc`](crate::assert_no_alloc) does.
    pub const fn new() -> Self {
        Self { ops: Ops::ALL, mode: None, forbid: false, budget: None, name: None, sample: 1, fail_nth: 0 }
    }

    /// Everything is allowed, but the `n`th request for memory (counted from 1) on this thread is refused: failure
    /// injection. [`sweep`](crate::sweep) does it for every `n`.
    ///
    /// With 0 nothing is refused. Requests inside permits are not counted. A [wrapped](Self::wrap) future counts anew in
    /// each poll.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let mut list: Vec<u64> = Vec::new();
    /// let reserved = qadapt::Policy::fail_nth(1).run(|| list.try_reserve(8));
    /// assert_eq!(reserved.is_err(), qadapt::is_active());
    /// ```
    pub const fn fail_nth(n: u64) -> Self {
        Self { ops: Ops::NONE, fail_nth: n, ..Self::new() }
    }

    /// Allows these operations.
    pub const fn allow(self, ops: Ops) -> Self {
        Self { ops: self.ops.without(ops), ..self }
    }

    /// Disallows these operations.
    pub const fn disallow(self, ops: Ops) -> Self {
        Self { ops: self.ops.union(ops), ..self }
    }

    /// What a violation does, instead of the process's default mode.
    pub const fn mode(self, mode: Mode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// Makes permits inside the region void.
    pub const fn forbid(self) -> Self {
        Self { forbid: true, ..self }
    }

    /// Allows requests for memory until the budget is used up; only then they are violations. Deallocations are
    /// governed by [`allow`](Self::allow) and [`disallow`](Self::disallow) as before.
    pub const fn budget(self, budget: Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The region's name in reports.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Watches one in `n` entries, the first included; the other entries are not protected. Entries are counted for
    /// the whole process, by the region's place in the source. With 0 or 1 every entry is watched.
    pub const fn sample(self, n: u64) -> Self {
        Self { sample: n, ..self }
    }

    /// Runs a closure under the policy, on this thread.
    ///
    /// # Panics
    /// In mode [`Panic`](Mode::Panic), at the caller's line, if the closure violated the policy; the closure runs to
    /// its end first, and its result is dropped.
    #[inline(always)]
    #[track_caller]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        self.run_at(self.place(), body)
    }

    #[inline(always)]
    #[track_caller]
    fn run_at<R>(&self, place: Place, body: impl FnOnce() -> R) -> R {
        if !checks::ON {
            return mark::region(body);
        }
        if !self.watches_entry(place) {
            return body();
        }
        let mut used = Used::NOTHING;
        self.warmed_up(place).run_part(Source::Closure(place), &mut used, true, body)
    }

    /// Runs one of several stretches of code that share a budget. A panic that is due is logged unless it `may_panic`.
    #[inline(always)]
    #[track_caller]
    pub(super) fn run_part<R>(
        &self,
        source: Source<'_>,
        used: &mut Used,
        may_panic: bool,
        body: impl FnOnce() -> R,
    ) -> R {
        let loans = source.loans();
        let budget = self.budget.map(|limits| Spending { open: Open::new(limits, *used), used });
        let _inject = Injection::open(self.fail_nth);
        let mut room = Room::uninit();
        let scope = Scope::open(&mut room, source, Change::Add(self.flags()));
        if let Some(budget) = &budget {
            budget.open.open();
        }
        if !loans.is_empty() {
            edge::take_up(loans, budget.is_some());
        }
        let result = body();
        if may_panic {
            scope.close();
        } else {
            drop(scope);
        }
        result
    }

    /// Opens a region that lasts until the guard is dropped or [exited](Region::exit).
    ///
    /// Prefer [`run`](Self::run) where the code is one block: the guard's drop cannot panic, so that it only logs. A
    /// guard with a budget takes a few bytes of memory for it.
    #[track_caller]
    #[cfg_attr(qadapt_marks, inline(always))]
    pub fn enter(&self) -> Region {
        let place = self.place();
        #[cfg(qadapt_marks)]
        if !checks::ON {
            mark::extent();
        }
        if !checks::ON || !self.watches_entry(place) {
            return Region::unwatched();
        }
        let policy = self.warmed_up(place);
        let budget = policy.budget.map(|limits| Open::new(limits, Used::NOTHING));
        Region::open(place, policy.flags(), budget, policy.fail_nth)
    }

    #[inline(always)]
    #[track_caller]
    pub(super) const fn place(&self) -> Place {
        Place { name: self.name, location: Location::caller(), poll: 0 }
    }

    #[inline(always)]
    pub(super) fn watches_entry(&self, place: Place) -> bool {
        self.sample <= 1 || (entries::count(entries::Purpose::Sample, place) - 1) % self.sample == 0
    }

    /// The policy for this entry: without limits while the budget warms up.
    #[inline(always)]
    pub(super) fn warmed_up(self, place: Place) -> Self {
        match self.budget {
            Some(budget)
                if budget.warm_up > 0
                    && entries::count(entries::Purpose::WarmUp, place) <= budget.warm_up =>
            {
                self.budget(Budget::new())
            }
            _ => self,
        }
    }

    /// What the policy sets in the thread's word.
    #[inline(always)]
    const fn flags(&self) -> i64 {
        let budget = self.budget.is_some();
        let disallowed = if budget { self.ops.without(Ops::DEALLOC.complement()) } else { self.ops };
        let mut flags = 0;
        if budget || disallowed.bits() != 0 {
            flags |= word::policy(disallowed, self.mode);
        }
        if self.forbid {
            flags |= word::FORBID;
        }
        if budget {
            flags |= word::BUDGET;
        }
        if self.fail_nth > 0 {
            flags |= word::INJECT;
        }
        flags
    }
}

/// Runs a body under a policy at a place: what `#[allocate_panic]` with options expands to.
#[doc(hidden)]
#[inline(always)]
#[track_caller]
pub fn run_policy<R>(policy: &'static Policy, place: Place, body: impl FnOnce() -> R) -> R {
    policy.run_at(place, body)
}

/// Runs a body that must be proven free of allocation: what `#[allocate_panic(prove)]` expands to.
#[doc(hidden)]
#[inline(always)]
#[track_caller]
pub fn run_required<R>(policy: &'static Policy, place: Place, body: impl FnOnce() -> R) -> R {
    if checks::ON { policy.run_at(place, body) } else { mark::required(body) }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

/// An open budget; dropping it takes down what has been used of it.
struct Spending<'a> {
    open: Open,
    used: &'a mut Used,
}

impl Drop for Spending<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.used = self.open.used();
    }
}

/// A countdown to a refusal; dropping it restores the one before.
#[derive(Debug)]
pub(super) struct Injection {
    outer: Option<u64>,
}

impl Injection {
    /// None for `n` = 0: the countdown of a region around it goes on.
    #[inline(always)]
    pub(super) fn open(n: u64) -> Self {
        Self { outer: if n > 0 { Some(inject::replace(n)) } else { None } }
    }

    /// The countdown before, if this one replaced it.
    pub(super) const fn outer(&self) -> Option<u64> {
        self.outer
    }
}

impl Drop for Injection {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(outer) = self.outer {
            inject::replace(outer);
        }
    }
}
