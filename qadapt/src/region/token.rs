//! Lending a policy to other threads.

use core::mem::{self, MaybeUninit};
use core::panic::Location;

use qadapt_spin::Address;

use super::defer::{Deferral, defer_frees};
use super::edge;
use super::lending::{self, CountFor, Deeds, Lender};
use super::policy::Policy;
use crate::checks;
use crate::hot::counters::{self, Mark, Then};
use crate::hot::defer::thread;
use crate::hot::end::{self, Ended};
use crate::hot::head::Head;
use crate::hot::open::{self, Rules};
use crate::hot::pending;
use crate::hot::record::{Kind, Serial};
use crate::hot::spending::{Caps, Used};
use crate::hot::trace::chain;
use crate::hot::trace::regions::Opening;
use crate::hot::{blocking, budget, calls, copies, loans, step, table, word};
use crate::mark;
use crate::model::{Budget, CallCount, Calls, Name, Place, RegionNumber};
use crate::report::unlent;
use crate::sys;

/// What protects a thread, to be carried to others: from [`Policy::current`].
///
/// It can be copied and sent, and making it takes no memory. It does not keep the lender open.
///
/// # Examples
/// See [`Policy::current`].
#[derive(Clone, Copy, Debug)]
pub struct PolicyToken {
    /// Nothing where nothing was open.
    lent: Option<Lent>,
    /// Whether the lender's thread defers frees.
    defers: bool,
}

#[derive(Clone, Copy, Debug)]
struct Lent {
    /// In the word's flags.
    flags: i64,
    place: Place,
    /// None where there was no room.
    loan: Option<Address>,
    /// The loan whose lender counts, where the flags have that. What a borrower of its own lends on without counting by itself goes
    /// straight to its lender, so that borrowers of both tell the same one.
    counts: Option<Address>,
    /// The loan through which the budget is shared.
    budget: Option<Address>,
    /// What was left of the budget.
    left: Budget,
    /// The system calls that it allows, where the flags have them disallowed.
    allowed: Calls,
    /// The lender counts system calls.
    counts_calls: bool,
    /// The lender in the trace.
    region: Option<RegionNumber>,
}

impl Policy {
    /// What protects and counts this thread at this moment, as a token for other threads: rayon's workers, scoped threads,
    /// `spawn_blocking`. Takes no memory.
    ///
    /// The *lender* is the innermost open region, counting region or guarded future. As long as it is open, what
    /// [`run`](PolicyToken::run) sees on another thread is the lender's: violations are reported by the lender's end (a
    /// future's at the end of its next poll) and never panic on the worker, and counts are part of the lender's. What is left of
    /// a budget is shared; two requests at the same moment may both get the last of it. A countdown of
    /// [`fail_nth`](Policy::fail_nth) stays with its thread, and the sites that [`assert_allocs!`](crate::assert_allocs) lists
    /// are those of its own thread.
    ///
    /// A token that runs inside itself, or inside the one that it was lent on from, counts and spends once. But where two regions
    /// inside each other both count, or both have a budget, and a worker runs the tokens of both inside each other, the outer
    /// region is told twice. The peaks of what ran at the same time on several threads are added up, as nobody knows what lived
    /// at once: an upper bound.
    ///
    /// Where this thread [defers frees](crate::defer_frees), so does a thread that runs the token, also without checks.
    ///
    /// 64 regions of the process can have lent their policy at once. Beyond, the token protects as well, but its
    /// violations are logged on the worker, the lender's counts are [unmeasured](crate::Counts::is_measured), and the end
    /// of the process says so.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::Policy;
    /// use std::thread;
    ///
    /// let (counts, sum) = qadapt::count_alloc(|| {
    ///     let token = Policy::current();
    ///     thread::scope(|scope| {
    ///         let worker = scope.spawn(move || token.run(|| vec![1, 2, 3].iter().sum::<i32>()));
    ///         worker.join().expect("it does not panic")
    ///     })
    /// });
    /// assert_eq!(sum, 6);
    /// if counts.is_measured() {
    ///     // Starting the thread allocated too, on this one.
    ///     assert!(counts.allocs() > 1 && counts.bytes() > 12);
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn current() -> PolicyToken {
        let defers = thread::defers();
        let nothing = PolicyToken { lent: None, defers };
        if !checks::ON {
            return nothing;
        }
        let flags = loans::lendable();
        if flags == 0 {
            return nothing;
        }
        let name = table::innermost_place().map_or(Name::NONE, |place| place.name);
        let place = Place { name, location: Location::caller(), poll: 0 };
        let loan = lending::lend(flags);
        if loan.is_none() {
            unlent::note();
            counters::lose();
            calls::lose();
        }
        let is_counted = flags & word::COUNTING != 0;
        let counts = if is_counted { loans::counted_for().or(loan) } else { None };
        let has_budget = flags & word::BUDGET != 0;
        let (budget, left) = if has_budget { loans::sharing() } else { (None, Budget::new()) };
        let region = chain::innermost();
        let allowed = if flags & word::CALLS != 0 { calls::allowed() } else { Calls::NONE };
        let counts_calls = is_counted && calls::are_counted();
        let lending = Lent { flags, place, loan, counts, budget, left, allowed, counts_calls, region };
        PolicyToken { lent: Some(lending), defers }
    }
}

impl PolicyToken {
    /// Runs a closure on this thread under the policy of the thread that made the token, on top of this thread's own.
    ///
    /// If the lender has closed, this is a region of its own.
    ///
    /// # Panics
    /// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the closure violated the policy and the lender
    /// closed before the closure was done.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy, permit_alloc};
    /// use std::hint::black_box;
    /// use std::thread;
    ///
    /// Policy::new().mode(Mode::Count).run(|| {
    ///     let token = Policy::current();
    ///     let work = move || token.run(|| drop(black_box(Box::new(1))));
    ///     permit_alloc(|| thread::spawn(work).join().expect("it does not panic"));
    /// });
    /// assert_eq!(qadapt::violations(), if qadapt::is_active() { 2 } else { 0 });
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        if !checks::ON {
            // What the lender allows is not known here: a proof takes the body for a region that may not allocate.
            let deferral = self.defers.then(Deferral::begin);
            let result = mark::region(body);
            drop(deferral);
            return result;
        }
        if self.defers { self.run_lent(|| defer_frees(body)) } else { self.run_lent(body) }
    }

    #[track_caller]
    fn run_lent<R>(&self, body: impl FnOnce() -> R) -> R {
        let Some(lent) = self.lent else { return body() };
        edge::touch(lent.place);
        let lender = lent.loan.map_or(Lender::Gone, lending::join);
        let budget = BorrowedBudget::of(&lent);
        let mut then = MaybeUninit::uninit();
        let borrowed = Borrowed::open(lent, lender, &budget, &mut then);
        let result = body();
        borrowed.close();
        drop(budget);
        result
    }
}

/// A borrowed policy that is open. Dropping it closes it and logs what is due: that is what an unwinding body does.
struct Borrowed<'a> {
    serial: Serial,
    lent: Lent,
    lender: Lender,
    /// Where the lender counts, and would not be told otherwise.
    counting: Option<CountFor>,
    /// What this thread counts for it.
    mark: Option<Mark<'a>>,
    /// The same of system calls; with the thread's watch, if there is one.
    calling: Option<(calls::Start, Option<u32>)>,
    /// This thread's violations before.
    violations: u64,
    /// Of those the system calls.
    calls_disallowed: u64,
    /// How often calls were to be watched before, and were not.
    unwatched: u64,
}

impl<'a> Borrowed<'a> {
    fn open(lent: Lent, lender: Lender, budget: &BorrowedBudget, then: &'a mut MaybeUninit<Then>) -> Self {
        let hidden = if budget.is_none { word::BUDGET } else { 0 };
        let rules = Rules {
            flags: lent.flags & !word::COUNTING & !hidden,
            caps: budget.caps,
            shared: budget.shared,
            allowed: lent.allowed,
            // On the lender's own thread its own budget is open too. Where the budget is shared the loan keeps it.
            calls: lent.left.calls,
            countdown: 0,
        };
        let unwatched = calls::unwatched();
        edge::watch_calls(rules.flags, lent.place);
        let serial = open::ruled(Kind::Borrowed, lent.place, &rules, Opening::Lent(lent.region));
        if serial.is_none() {
            edge::no_room(lent.place, rules.flags);
        }
        let is_elsewhere = matches!(lender, Lender::Elsewhere(_));
        let counted = lent.counts.filter(|_| is_elsewhere);
        let counting = counted.and_then(|loan| CountFor::begin(serial, loan));
        let calling = (counting.is_some() && lent.counts_calls).then(|| {
            let start = calls::begin();
            (start, edge::watch_own_calls(lent.place).then(sys::calls::times_left))
        });
        let mark = match calling {
            Some(_) => counters::open_with_calls(then),
            None if counting.is_some() => counters::open(then),
            None => None,
        };
        let (violations, calls_disallowed) = (copies::violations(0), calls::change_violations(0));
        Self { serial, lent, lender, counting, mark, calling, violations, calls_disallowed, unwatched }
    }

    #[track_caller]
    fn close(self) {
        let mut borrowed = mem::ManuallyDrop::new(self);
        if let Some(ended) = borrowed.end() {
            if borrowed.lent.loan.is_some() {
                edge::close(ended, borrowed.lent.place).act();
            } else {
                edge::log(ended, borrowed.lent.place);
            }
        }
    }

    /// Ends the policy on this thread and hands what happened to the lender. What that does not take is to be reported
    /// here: then this returns what ended.
    fn end(&mut self) -> Option<Ended> {
        let region = self.serial;
        let mark = self.mark.take();
        let tally = mark.and_then(|mark| counters::close(mark, |lent, _| lending::end(lent, region)));
        let calls = self.calling.take().map_or(CallCount::UNASKED, |(start, watch)| {
            // Somebody else may have taken the watch, which the kernel knows.
            let is_whole = watch == Some(sys::calls::times_left()) && blocking::is_watched();
            CallCount::of(calls::end(start).filter(|_| is_whole))
        });
        let counting = self.counting.take();
        let counted = counting.map_or(Deeds::NONE, |counting| counting.deeds(tally, calls));
        let mut ended = end::record_slowly(self.serial);
        lending::end(mem::replace(&mut ended.loans, Head::NONE), ended.serial);
        let given = match self.lender {
            Lender::Here => {
                // What is pending stays with the lender's region, around this one.
                pending::pass_on(ended.serial, table::reporter());
                true
            }
            Lender::Gone => false,
            Lender::Elsewhere(loan) => {
                let is_other = counting.is_some_and(|counting| counting.loan != loan);
                let given = self.give(loan, ended.serial, if is_other { &Deeds::NONE } else { &counted });
                if let Some(counting) = counting.filter(|_| given && is_other) {
                    lending::give(counting.loan, &counted);
                }
                lending::leave(loan);
                given
            }
        };
        if let Some(counting) = counting {
            counting.end();
        }
        if given {
            step::refresh();
            return None;
        }
        Some(ended)
    }

    /// Gives the lender all that happened, and what was `counted` for it; false if it has closed.
    fn give(&self, loan: Address, region: Serial, counted: &Deeds) -> bool {
        let mut deeds = Deeds {
            violations: copies::violations(0).saturating_sub(self.violations),
            calls_disallowed: calls::change_violations(0).saturating_sub(self.calls_disallowed),
            unwatched: calls::unwatched().saturating_sub(self.unwatched),
            ..*counted
        };
        let mut has_counts = deeds.has_counts() || deeds.unwatched > 0;
        let mut violations = deeds.violations;
        loop {
            let own = pending::drain(region);
            deeds.pending = own.lent();
            let is_last = own.is_empty();
            let has_deeds = !is_last || violations > 0 || has_counts;
            if has_deeds && !lending::give(loan, &deeds) {
                pending::receive(region, &own);
                return false;
            }
            copies::violations(0_i64.saturating_sub_unsigned(violations));
            calls::change_violations(0_i64.saturating_sub_unsigned(deeds.calls_disallowed));
            violations = 0;
            (deeds, has_counts) = (Deeds::NONE, false);
            if is_last {
                return true;
            }
        }
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(ended) = self.end() {
            edge::log(ended, self.lent.place);
        }
    }
}

/// The budget that comes with a borrowed policy.
struct BorrowedBudget {
    /// No budget is to be opened.
    is_none: bool,
    caps: Caps,
    shared: Head,
    joined: Option<Address>,
}

impl BorrowedBudget {
    fn of(lent: &Lent) -> Self {
        let none = Self { is_none: true, caps: Caps::NONE, shared: Head::NONE, joined: None };
        // One that is open here, as it is on the lender's own thread, or that a policy round this one has borrowed, is spent once;
        // unless a permit hides it.
        let is_open = lent.budget.is_some_and(loans::is_spent);
        if lent.flags & word::BUDGET == 0 || is_open {
            return none;
        }
        match lent.budget.filter(|&loan| lending::enter(loan)) {
            Some(loan) => Self { is_none: false, shared: loans::shared(loan), joined: Some(loan), ..none },
            None => Self { is_none: false, caps: budget::caps(&lent.left, Used::NOTHING), ..none },
        }
    }
}

impl Drop for BorrowedBudget {
    fn drop(&mut self) {
        if let Some(loan) = self.joined {
            lending::leave(loan);
        }
    }
}
