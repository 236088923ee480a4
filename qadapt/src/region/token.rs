//! Lending a policy to other threads.

use core::mem;
use core::panic::Location;

use qadapt_spin::Address;

use super::edge;
use super::lending::{self, Deeds, Lender};
use super::policy::Policy;
use crate::checks;
use crate::hot::budget::{Open, Used};
use crate::hot::counters::{self, Mark};
use crate::hot::frame::{self, Room};
use crate::hot::pending::{self, Base};
use crate::hot::trace::chain::{self, Opening};
use crate::hot::{budget, loans, word};
use crate::model::{Budget, Name, Place, RegionNumber, Tally};
use crate::report::unlent;

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
}

#[derive(Clone, Copy, Debug)]
struct Lent {
    /// In the word's flags.
    flags: i64,
    place: Place,
    /// None where there was no room.
    loan: Option<Address>,
    /// The loan through which the budget is shared.
    budget: Option<Address>,
    /// What was left of the budget.
    left: Budget,
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
    ///     assert!(counts.allocs() > 1 && counts.bytes_allocated() > 12);
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn current() -> PolicyToken {
        if !checks::ON {
            return PolicyToken { lent: None };
        }
        let flags = word::lendable(word::get());
        if flags == 0 {
            return PolicyToken { lent: None };
        }
        let name = frame::innermost_place().map_or(Name::NONE, |place| place.name);
        let place = Place { name, location: Location::caller(), poll: 0 };
        let loan = lending::lend(flags);
        if loan.is_none() {
            unlent::note();
            counters::lose();
        }
        let has_budget = flags & word::BUDGET != 0;
        let lent = Lent {
            flags,
            place,
            loan,
            budget: if has_budget { loans::sharing() } else { None },
            left: if has_budget { budget::left() } else { Budget::new() },
            region: chain::innermost(),
        };
        PolicyToken { lent: Some(lent) }
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
    #[track_caller]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let Some(lent) = self.lent.filter(|_| checks::ON) else { return body() };
        edge::touch(lent.place);
        let lender = lent.loan.map_or(Lender::Gone, lending::join);
        let budget = BorrowedBudget::of(&lent, &lender);
        let mut room = Room::uninit();
        let borrowed = Borrowed::open(&mut room, lent, lender);
        if let Some(open) = &budget.open {
            open.open();
        }
        let result = body();
        borrowed.close();
        result
    }
}

/// A borrowed policy that is open. Dropping it closes it and logs what is due: that is what an unwinding body does.
struct Borrowed<'a> {
    room: &'a mut Room,
    lent: Lent,
    lender: Lender,
    /// The word before.
    outer: i64,
    /// Where the lender counts, and not on this thread.
    mark: Option<Mark>,
    /// This thread's violations before.
    violations: u64,
}

impl<'a> Borrowed<'a> {
    fn open(room: &'a mut Room, lent: Lent, lender: Lender) -> Self {
        frame::push(room, lent.place, Opening::Lent(lent.region));
        let outer = word::get();
        let counts = matches!(lender, Lender::Elsewhere(_)) && lent.flags & word::COUNTING != 0;
        word::set(outer | if counts { lent.flags } else { lent.flags & !word::COUNTING });
        frame::update_attention();
        let mark = if counts { counters::open() } else { None };
        Self { room, lent, lender, outer, mark, violations: pending::violations() }
    }

    #[track_caller]
    fn close(self) {
        let mut borrowed = mem::ManuallyDrop::new(self);
        if let Some(start) = borrowed.end() {
            if borrowed.lent.loan.is_some() {
                edge::close(start, borrowed.lent.place).act();
            } else {
                edge::log(start, borrowed.lent.place);
            }
        }
    }

    /// Ends the policy on this thread and hands what happened to the lender. What that does not take is to be reported
    /// here: then this returns where the enclosing region's violations begin.
    fn end(&mut self) -> Option<Base> {
        let start = edge::leave(self.room, Some(self.outer), self.lent.place);
        let tally = self.mark.take().and_then(counters::close);
        let given = match self.lender {
            // What is pending stays with the lender's region, around this one.
            Lender::Here => true,
            Lender::Gone => false,
            Lender::Elsewhere(loan) => {
                let own = pending::drain();
                let deeds = Deeds {
                    pending: own.lent(),
                    tally: tally.unwrap_or(Tally::NOTHING),
                    violations: pending::violations().saturating_sub(self.violations),
                };
                let given = lending::give(loan, &deeds);
                lending::leave(loan);
                if given {
                    pending::subtract_violations(deeds.violations);
                } else {
                    pending::receive(&own);
                }
                given
            }
        };
        if given {
            pending::set_start(start);
            frame::update_attention();
            return None;
        }
        Some(start)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(start) = self.end() {
            edge::log(start, self.lent.place);
        }
    }
}

/// The budget that comes with a borrowed policy. It is declared before the policy opens and so outlives that.
struct BorrowedBudget {
    open: Option<Open>,
    joined: Option<Address>,
}

impl BorrowedBudget {
    fn of(lent: &Lent, lender: &Lender) -> Self {
        // On the lender's own thread its budgets are open anyway.
        if lent.flags & word::BUDGET == 0 || matches!(lender, Lender::Here) {
            return Self { open: None, joined: None };
        }
        let joined = lent.budget.filter(|&loan| lending::enter(loan));
        let shared = joined.and_then(loans::budget);
        let open = shared.map_or_else(|| Open::new(lent.left, Used::NOTHING), Open::borrowed);
        Self { open: Some(open), joined }
    }
}

impl Drop for BorrowedBudget {
    fn drop(&mut self) {
        if let Some(loan) = self.joined {
            lending::leave(loan);
        }
    }
}
