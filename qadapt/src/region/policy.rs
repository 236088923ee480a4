//! Policies: what a region disallows, and what happens then.

use core::panic::Location;

use crate::hot::head::Head;
use crate::hot::open::Rules;
use crate::hot::spending::{Caps, Used};
use crate::hot::{budget, entries, word};
use crate::model::{Amount, Budget, Calls, Mode, Name, Ops, Place, UserCalls};

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
    pub(super) defer: bool,
    /// Requests for memory are governed by the limits.
    has_budget: bool,
    /// The system calls, where they are disallowed without a budget of them, too.
    calls: Ops,
    /// The system calls that are allowed where others are not.
    allowed_calls: UserCalls,
    /// One in so many entries is watched.
    sample: u32,
    /// What is given back when the region has ended.
    reclaim_blocks: u32,
    reclaim_bytes: u64,
    /// No limits where there is no budget. Whether there is one is told apart from it, which keeps the policy small: each
    /// wrapped future holds one.
    pub(super) limits: Budget,
    /// Empty where there is none.
    name: &'static str,
    fail_nth: u64,
}

impl Policy {
    /// Everything is disallowed, in the process's default mode: what [`assert_no_alloc`](crate::assert_no_alloc) does.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::Policy;
    ///
    /// const STRICT: Policy = Policy::new();
    /// let sum = STRICT.run(|| (1..=4).sum::<u64>()); // would panic here if it allocated
    /// assert_eq!(sum, 10);
    /// ```
    pub const fn new() -> Self {
        Self {
            ops: Ops::ALL,
            mode: None,
            forbid: false,
            defer: false,
            has_budget: false,
            calls: Ops::NONE,
            allowed_calls: UserCalls::new(Calls::NONE),
            sample: 1,
            reclaim_blocks: 0,
            reclaim_bytes: 0,
            limits: Budget::new(),
            name: "",
            fail_nth: 0,
        }
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

    /// Disallows system calls in which the thread may wait, and nothing else: sleeps, locks that others hold, files, sockets that
    /// are set to block. [`disallow`](Self::disallow) adds allocation.
    ///
    /// A call is made all the same, but in mode [`Abort`](Mode::Abort) and [`Trap`](Mode::Trap); mode [`Fail`](Mode::Fail) reports
    /// it. In mode [`Panic`](Mode::Panic) an `exec` fails with `EPERM`, since the panic would be lost with the program. A permit
    /// allows calls too. What waits without a system call is not seen: a lock that is free, a spinning loop, a clock
    /// that the kernel maps into the process, requests that `io_uring` takes from memory.
    ///
    /// [`is_blocking_watched`](crate::is_blocking_watched) tells whether calls are seen here: on x86-64 Linux from 5.11 on. Other
    /// system calls of a thread that has had such a region take some 50 ns longer, until the thread ends.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Calls, Mode, Ops, Policy};
    /// use std::time::Duration;
    ///
    /// const CALLBACK: Policy = Policy::no_blocking().disallow(Ops::ALL).mode(Mode::Count);
    ///
    /// CALLBACK.run(|| std::thread::sleep(Duration::from_millis(1)));
    /// assert_eq!(qadapt::violations(), u64::from(qadapt::is_blocking_watched()));
    /// CALLBACK.allow_calls(Calls::SLEEP).run(|| std::thread::sleep(Duration::from_millis(1)));
    /// assert!(qadapt::take_violations() <= 1);
    /// ```
    pub const fn no_blocking() -> Self {
        Self { ops: Ops::SYSTEM_CALLS, calls: Ops::SYSTEM_CALLS, ..Self::new() }
    }

    /// Allows these system calls, where others are disallowed.
    ///
    /// # Panics
    /// If more than three single calls are named: allow their class instead. In a constant the compiler says so.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Calls, Mode, Policy};
    ///
    /// const POLLING: Policy = Policy::no_blocking().allow_calls(Calls::YIELD).mode(Mode::Count);
    /// POLLING.run(std::thread::yield_now);
    /// assert_eq!(qadapt::take_violations(), 0);
    /// ```
    pub const fn allow_calls(self, calls: Calls) -> Self {
        Self { allowed_calls: UserCalls::new(self.allowed_calls.get().union(calls)), ..self }
    }

    /// Allows these operations.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Ops, Policy};
    ///
    /// const NO_REQUESTS: Policy = Policy::new().allow(Ops::DEALLOC);
    /// let list = vec![1, 2, 3];
    /// NO_REQUESTS.run(|| drop(list)); // no violation
    /// assert_eq!(qadapt::violations(), 0);
    /// ```
    pub const fn allow(self, ops: Ops) -> Self {
        Self { ops: self.ops.without(ops), ..self }
    }

    /// Disallows these operations.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Ops, Policy};
    /// use std::hint::black_box;
    ///
    /// const NO_FREES: Policy = Policy::new().allow(Ops::ALL).disallow(Ops::DEALLOC).mode(Mode::Count);
    /// let list = NO_FREES.run(|| black_box(vec![1, 2, 3])); // no violation
    /// assert_eq!(qadapt::violations(), 0);
    /// NO_FREES.run(|| drop(list));
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// ```
    pub const fn disallow(self, ops: Ops) -> Self {
        Self { ops: self.ops.union(ops), ..self }
    }

    /// What a violation does, instead of the process's default mode.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// let boxed = Policy::new().mode(Mode::Count).run(|| black_box(Box::new(1))); // does not panic
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    pub const fn mode(self, mode: Mode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// Makes permits inside the region void.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy, permit_alloc};
    /// use std::hint::black_box;
    ///
    /// const PERMITTING: Policy = Policy::new().mode(Mode::Count);
    /// let first = PERMITTING.run(|| permit_alloc(|| black_box(Box::new(1))));
    /// assert_eq!(qadapt::take_violations(), 0);
    /// let second = PERMITTING.forbid().run(|| permit_alloc(|| black_box(Box::new(2))));
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop((first, second));
    /// ```
    pub const fn forbid(self) -> Self {
        Self { forbid: true, ..self }
    }

    /// Allows requests for memory until the budget is used up; only then they are violations. Deallocations are
    /// governed by [`allow`](Self::allow) and [`disallow`](Self::disallow) as before. A budget of
    /// [calls](Budget::calls) does the same with system calls; one of nothing else leaves requests for memory as they are.
    /// Another budget takes the place of one that was given before.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// const ONE: Policy = Policy::new().budget(Budget::new().requests(1)).mode(Mode::Count);
    /// let boxes = ONE.run(|| [black_box(Box::new(1)), black_box(Box::new(2))]);
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop(boxes);
    /// ```
    pub const fn budget(self, budget: Budget) -> Self {
        let of_calls = Ops::SYSTEM_CALLS.union(Ops::BUDGET);
        // What a budget before this one has disallowed, it has for itself.
        let before = self.ops.without(of_calls).union(self.calls);
        let ops = if budget.limits_calls() { before.union(of_calls) } else { before };
        Self { has_budget: !budget.is_of_calls_alone(), ops, limits: budget, ..self }
    }

    /// The region's name in reports.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// let (sender, violations) = std::sync::mpsc::channel();
    /// qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = Policy::new().name("mixer").mode(Mode::Log).run(|| black_box(Box::new(1)));
    /// # if qadapt::is_active() {
    /// let violation = violations.recv().expect("the hook has sent it");
    /// assert_eq!(violation.region(), Some("mixer"));
    /// # }
    /// # drop(boxed);
    /// ```
    pub const fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Watches one in `n` entries, the first included; the other entries are not protected. Entries are counted for
    /// the whole process, by the region's place in the source and its name. With 0 or 1 every entry is watched, and so it is at places after
    /// the first 4,000 or so.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// const ONE_IN_TEN: Policy = Policy::new().name("request").sample(10).mode(Mode::Count);
    /// let boxes: Vec<_> = (0..20).map(|_| ONE_IN_TEN.run(|| black_box(Box::new(1)))).collect();
    /// assert_eq!(qadapt::take_violations(), if qadapt::is_active() { 2 } else { 0 });
    /// # drop(boxes);
    /// ```
    pub const fn sample(self, n: u64) -> Self {
        let n = at_most_u32(n);
        Self { sample: if n == LEFT_OUT { n - 1 } else { n }, ..self }
    }

    /// Has what is freed in the region wait, as [`defer_frees`](crate::defer_frees) does; also in builds without checks, and
    /// where [`sample`](Self::sample) leaves the entry out.
    ///
    /// # Examples
    /// ```
    /// use std::alloc::System;
    /// use qadapt::{Amount, Deferring, Policy, Qadapt};
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
    ///
    /// const CALLBACK: Policy = Policy::new().name("callback").defer();
    ///
    /// fn main() {
    ///     let message = vec![0.5_f32; 64];
    ///     let gain = CALLBACK.run(move || message[0]);
    ///     assert_eq!(gain, 0.5);
    ///     assert_eq!(qadapt::reclaim(Amount::ALL), Amount { blocks: 1, bytes: 256 });
    /// }
    /// ```
    pub const fn defer(self) -> Self {
        Self { defer: true, ..self }
    }

    /// Gives back at most so much of what waits when the region has ended, as [`reclaim`](crate::reclaim()) does; but not
    /// inside another region, nor where the region is left by a panic. With the checks off nothing tells that another region is open
    /// but one that [defers](Self::defer) on this thread: inside any other it gives back there too. A region that may be entered from
    /// protected code leaves it to [`reclaim`](crate::reclaim()) or a [`Reclaimer`](crate::Reclaimer) outside.
    ///
    /// # Examples
    /// ```
    /// use qadapt::{Amount, Deferring, Policy, Qadapt};
    /// use std::alloc::System;
    /// use std::hint::black_box;
    ///
    /// #[global_allocator]
    /// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
    ///
    /// const TICK: Policy = Policy::new().name("tick").defer().reclaim(Amount::of_blocks(1));
    /// let boxes = black_box([Box::new(1), Box::new(2)]);
    /// TICK.run(|| drop(boxes)); // both wait until it ends, and one of them longer
    /// assert_eq!(qadapt::deferred().waiting.blocks, 1);
    /// ```
    pub const fn reclaim(self, limit: Amount) -> Self {
        Self { reclaim_blocks: at_most_u32(limit.blocks), reclaim_bytes: limit.bytes, ..self }
    }

    /// True if there is something to prove: a region that disallows system calls alone may allocate.
    #[inline(always)]
    pub(super) const fn is_about_memory(&self) -> bool {
        let of_calls = Ops::SYSTEM_CALLS.union(Ops::BUDGET);
        self.ops.bits() & Ops::SYSTEM_CALLS.bits() == 0
            || self.ops.without(of_calls).bits() != 0
            || self.has_budget
    }

    /// The amount that [`reclaim`](Self::reclaim) was given.
    #[inline(always)]
    pub(super) const fn reclaims(&self) -> Amount {
        let blocks = if self.reclaim_blocks == u32::MAX { u64::MAX } else { self.reclaim_blocks as u64 };
        Amount { blocks, bytes: self.reclaim_bytes }
    }

    #[inline(always)]
    #[track_caller]
    pub(super) const fn place(&self) -> Place {
        Place { name: Name::given(self.name), location: Location::caller(), poll: 0 }
    }

    #[inline(always)]
    pub(super) fn watches_entry(&self, place: Place) -> bool {
        self.sample <= 1
            || self.sample != LEFT_OUT
                && entries::count(entries::Purpose::Sample, place)
                    .is_none_or(|entries| (entries - 1) % u64::from(self.sample) == 0)
    }

    /// The policy once it is decided whether a future is watched: each of its polls is, or none.
    pub(super) const fn sampled(self, is_watched: bool) -> Self {
        Self { sample: if is_watched { 1 } else { LEFT_OUT }, ..self }
    }

    /// The policy for what is left out by a sampling that others do: nothing is watched, and what is freed waits all the same.
    #[doc(hidden)]
    pub const fn left_out(self) -> Self {
        self.sampled(false)
    }

    /// True for a policy of which that was decided, and the future is not watched.
    #[inline(always)]
    pub(super) const fn is_left_out(&self) -> bool {
        self.sample > 1
    }

    /// True for a watched entry at which the budget still warms up: it has no limits then. Those that sampling leaves out between
    /// two watched ones are entries too.
    #[inline(always)]
    pub(super) fn warms_up(&self, place: Place) -> bool {
        let warm_up = u64::from(self.limits.warm_up);
        let before = |watched: u64| (watched - 1).saturating_mul(self.sample.max(1).into());
        warm_up > 0
            && entries::count(entries::Purpose::WarmUp, place)
                .is_some_and(|watched| before(watched) < warm_up)
    }

    /// The policy while its budget warms up: without limits. Where it is one of memory, deallocations are allowed.
    pub(super) fn without_limits(self) -> Self {
        let ops = if self.has_budget { self.ops.without(Ops::ALL) } else { self.ops };
        let ops = if self.limits.limits_calls() { ops.without(Ops::SYSTEM_CALLS) } else { ops };
        Self { limits: Budget::new(), ops, ..self }
    }

    /// What a region under the policy needs, of whose budget so much has been used.
    pub(super) fn rules(&self, warms_up: bool, used: Option<&Used>) -> Rules {
        let used = used.copied().unwrap_or(Used::NOTHING);
        let rules = if warms_up { self.without_limits() } else { *self };
        let caps = if rules.has_budget { budget::caps(&rules.limits, used) } else { Caps::NONE };
        let allowed = self.allowed_calls.get();
        let calls = rules.limits.calls;
        Rules { flags: rules.flags(), caps, shared: Head::NONE, allowed, calls, countdown: self.fail_nth }
    }

    /// Whether permits are void inside.
    #[inline(always)]
    pub(super) const fn forbids(&self) -> bool {
        self.forbid
    }

    /// Whether there is a budget.
    #[inline(always)]
    pub(super) const fn has_budget(&self) -> bool {
        self.has_budget
    }

    /// What the policy sets in the thread's word.
    #[inline(always)]
    pub(super) const fn flags(&self) -> i64 {
        let disallowed = if self.has_budget { self.ops.without(Ops::DEALLOC.complement()) } else { self.ops };
        let mut flags = 0;
        if self.has_budget || disallowed.bits() != 0 {
            flags |= word::policy(disallowed, self.mode);
        }
        if self.forbid {
            flags |= word::FORBID;
        }
        if self.has_budget {
            flags |= word::BUDGET;
        }
        if self.fail_nth > 0 {
            flags |= word::INJECT;
        }
        flags
    }
}

/// What a sample is where it was decided that an entry is not watched.
const LEFT_OUT: u32 = u32::MAX;

/// The number in half a word; the largest stands for all that are larger.
#[expect(clippy::cast_possible_truncation, reason = "it has been compared; `try_from` is not const")]
const fn at_most_u32(n: u64) -> u32 {
    if n > u32::MAX as u64 { u32::MAX } else { n as u32 }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
