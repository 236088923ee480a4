//! Running code under a policy.

use super::defer::{self, Deferral, defer_frees};
use super::edge;
use super::guard::{Edge, RegionGuard};
use super::policy::Policy;
use super::polled::{Polled, Source};
use super::scope::Scope;
use crate::checks;
#[cfg(feature = "profile")]
use crate::hot::profile::label::Label;
use crate::hot::record::Serial;
use crate::hot::spending::{Start, Used};
use crate::hot::{budget, calls, open, word};
use crate::mark;
use crate::model::{Amount, Budget, Place};

impl Policy {
    /// Runs a closure under the policy, on this thread.
    ///
    /// # Panics
    /// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the closure violated the policy; the closure runs to
    /// its end first, and its result is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// let sum = Policy::new().run(|| (1..=4).sum::<u64>());
    /// assert_eq!(sum, 10);
    /// let boxed = Policy::new().mode(Mode::Count).run(|| black_box(Box::new(sum)));
    /// assert_eq!(qadapt::violations(), u64::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        self.run_at(self.place(), body)
    }

    #[inline(always)]
    #[track_caller]
    fn run_at<R>(&self, place: Place, body: impl FnOnce() -> R) -> R {
        #[cfg(feature = "profile")]
        let _label = Label::of_region(place);
        if !checks::ON {
            let deferral = self.begin_unwatched();
            let result = if self.is_about_memory() {
                mark::rules(self.forbids(), self.has_budget());
                mark::region(body)
            } else {
                mark::quiet(body)
            };
            self.end_unwatched(deferral);
            return result;
        }
        if !self.watches_entry(place) {
            let deferral = self.begin_unwatched();
            let result = body();
            self.end_unwatched(deferral);
            return result;
        }
        let scope = Scope::open(Source::Closure(place), self, self.warms_up(place), None);
        let result = if self.defer { defer_frees(body) } else { body() };
        scope.close();
        self.reclaim_at_edge();
        result
    }

    /// Begins what is not watched: a poll of a future that sampling leaves out, or anything in a build without checks. The body
    /// is not passed in: a label stands where its region begins, which has to be in the caller's function, also unoptimised.
    #[inline(always)]
    pub(super) fn begin_unwatched(&self) -> Option<Deferral> {
        if self.defer { Some(Deferral::begin()) } else { None }
    }

    /// Ends it.
    #[inline(always)]
    pub(super) fn end_unwatched(&self, deferral: Option<Deferral>) {
        drop(deferral);
        self.reclaim_at_edge();
    }

    /// What a guard does besides watching, from here to its end.
    #[inline(always)]
    fn edge(&self) -> Edge {
        Edge { deferral: self.defer.then(Deferral::begin), reclaim: self.reclaims() }
    }

    /// What a region does once it has ended.
    #[inline(always)]
    fn reclaim_at_edge(&self) {
        let limit = self.reclaims();
        if limit != Amount::NONE {
            defer::reclaim_outside(limit);
        }
    }

    /// Runs one poll of a future; all polls share a budget. A panic that is due is logged unless it `may_panic`.
    #[inline(always)]
    #[track_caller]
    pub(super) fn run_poll<R>(
        &mut self,
        polled: &mut Polled,
        used: &mut Used,
        may_panic: bool,
        body: impl FnOnce() -> R,
    ) -> R {
        let loans = polled.loans();
        let scope = Scope::open(Source::Future(polled), self, false, Some(used));
        let spending = self.has_budget().then(|| Spending { start: budget::total().less(*used), used });
        let calling = self.limits.limits_calls().then(|| scope.serial()).flatten();
        let calling = calling.map(|serial| Calling { serial, left: &mut self.limits });
        if !loans.is_empty() {
            edge::take_up(loans, spending.is_some() || calling.is_some());
        }
        let result = if self.defer { defer_frees(body) } else { body() };
        // Before the scope, whose record knows what is left.
        drop(calling);
        if may_panic {
            scope.close();
        } else {
            drop(scope);
        }
        // After the scope: at its end what borrowers have used is taken off the budget.
        drop(spending);
        self.reclaim_at_edge();
        result
    }

    /// Opens a region that lasts until the guard is dropped or [exited](RegionGuard::exit).
    ///
    /// Prefer [`run`](Self::run) where the code is one block: the guard's drop cannot panic, so that it only logs.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// let region = Policy::new().mode(Mode::Count).enter();
    /// let inside = black_box(Box::new(1));
    /// region.exit();
    /// let outside = black_box(Box::new(2));
    /// assert_eq!(qadapt::violations(), u64::from(qadapt::is_active()));
    /// # drop((inside, outside));
    /// ```
    #[track_caller]
    #[inline(always)]
    pub fn enter(&self) -> RegionGuard {
        let place = self.place();
        #[cfg(qadapt_marks)]
        if !checks::ON && self.is_about_memory() {
            mark::rules(self.forbids(), self.has_budget());
            mark::extent();
        }
        if !checks::ON || !self.watches_entry(place) {
            return RegionGuard::unwatched(self.edge());
        }
        let flags = self.flags();
        if flags & (word::BUDGET | word::INJECT | word::CALLS) == 0 {
            if let Some(serial) = open::only_guard(place, flags) {
                return RegionGuard::of(serial, self.edge());
            }
        }
        self.enter_wherever(place)
    }

    /// Opens such a region whatever else is open.
    #[cold]
    #[inline(never)]
    fn enter_wherever(&self, place: Place) -> RegionGuard {
        RegionGuard::open(place, &self.rules(self.warms_up(place), None), self.edge())
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
    if checks::ON {
        return policy.run_at(place, body);
    }
    let deferral = policy.begin_unwatched();
    mark::rules(policy.forbids(), policy.has_budget());
    let result = mark::required(body);
    policy.end_unwatched(deferral);
    result
}

/// An open budget of a future's poll; dropping it takes down what has been used of it.
struct Spending<'a> {
    start: Start,
    used: &'a mut Used,
}

impl Drop for Spending<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.used = self.start.to(budget::total());
    }
}

/// An open budget of calls of a future's poll; dropping it takes down what is left of it, before the poll's record ends.
struct Calling<'a> {
    serial: Serial,
    left: &'a mut Budget,
}

impl Drop for Calling<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.left = calls::left_of(self.serial).map_or(*self.left, |calls| self.left.calls(calls.into()));
    }
}
