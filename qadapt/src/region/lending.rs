//! Bringing what borrowers did to the lender, as long as that is open.

use qadapt_spin::{Address, Given, Mailboxes};

use crate::hot::head::Head;
use crate::hot::loans::{self, ROOM};
use crate::hot::pending::{self, Batch};
use crate::hot::record::Serial;
use crate::hot::{calls, copies, counters};
use crate::model::{CallCount, Counts, Tally};

/// The only value of a word: no deeds are then a zero in that word, and a box without any is zeros, which take no space in the
/// program's file.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(super) enum There {
    Yes = 1,
}

/// What a borrower has done.
#[derive(Clone, Copy)]
pub(super) struct Deeds {
    #[expect(dead_code, reason = "only an `Option` looks at it")]
    pub(super) there: There,
    pub(super) pending: Batch,
    pub(super) tally: Tally,
    pub(super) violations: u64,
    /// Of the violations those that are system calls.
    pub(super) calls_disallowed: u64,
    /// Calls that were counted.
    pub(super) calls: u64,
    /// Times that some were left out.
    pub(super) lost_calls: u64,
    /// Times that calls were to be watched, and were not.
    pub(super) unwatched: u64,
}

impl Deeds {
    pub(super) const NONE: Self = Self {
        there: There::Yes,
        pending: Batch::EMPTY,
        tally: Tally::NOTHING,
        violations: 0,
        calls_disallowed: 0,
        calls: 0,
        lost_calls: 0,
        unwatched: 0,
    };

    fn add(&mut self, other: &Self) {
        self.pending.add(&other.pending);
        self.tally = self.tally.beside(other.tally);
        self.violations = self.violations.saturating_add(other.violations);
        self.calls_disallowed = self.calls_disallowed.saturating_add(other.calls_disallowed);
        self.calls = self.calls.saturating_add(other.calls);
        self.lost_calls = self.lost_calls.saturating_add(other.lost_calls);
        self.unwatched = self.unwatched.saturating_add(other.unwatched);
    }

    /// Makes them this thread's and a region's.
    fn receive(&self, region: Serial) {
        pending::receive(region, &self.pending);
        copies::violations(0_i64.saturating_add_unsigned(self.violations));
        calls::change_violations(0_i64.saturating_add_unsigned(self.calls_disallowed));
        counters::add(self.tally);
        calls::count(self.calls);
        if self.lost_calls > 0 {
            calls::lose();
        }
        calls::add_unwatched(self.unwatched);
    }

    /// The counts; of system calls too if those were counted.
    pub(super) fn counts(&self, has_calls: bool) -> Counts {
        let counts = Counts::measured(self.tally);
        if !has_calls {
            return counts;
        }
        counts.with_blocking(CallCount::of((self.lost_calls == 0).then_some(self.calls)))
    }
}

static BOXES: Mailboxes<Deeds, ROOM> = Mailboxes::new();

/// Tries for a box that is held, with a pause after each: more than a moment takes only a thread that was stopped.
const PATIENCE: u32 = 1_000;

/// Lends what is open to other threads, for as long as the innermost region stays open. `None` where there is no room.
pub(super) fn lend(flags: i64) -> Option<Address> {
    if let Some(address) = loans::equal(flags) {
        return Some(address);
    }
    let address = BOXES.open()?;
    loans::add(address, flags);
    Some(address)
}

/// Whose events a borrower's are.
pub(super) enum Lender {
    /// A region that is open on another thread; the borrower must [leave](leave) it.
    Elsewhere(Address),
    /// A region that is open on this thread, and so sees them anyway.
    Here,
    /// One that has closed.
    Gone,
}

/// Enters a loan that is open, until [`leave`]; false if it has been closed.
pub(super) fn enter(address: Address) -> bool {
    BOXES.join(address)
}

/// Enters a loan, or says why not.
pub(super) fn join(address: Address) -> Lender {
    if !enter(address) {
        Lender::Gone
    } else if loans::is_own(address) {
        BOXES.leave(address);
        Lender::Here
    } else {
        Lender::Elsewhere(address)
    }
}

/// Leaves a loan that was entered.
pub(super) fn leave(address: Address) {
    BOXES.leave(address);
}

/// Hands over what a borrower did; false if the lender has closed.
pub(super) fn give(address: Address, deeds: &Deeds) -> bool {
    let add = |there: &mut Option<Deeds>| there.get_or_insert(Deeds::NONE).add(deeds);
    for _ in 0..PATIENCE {
        match BOXES.give(address, add) {
            Given::Kept => return true,
            Given::Refused => return false,
            Given::Busy => std::thread::yield_now(),
        }
    }
    false
}

/// Ends loans, and makes what borrowers did a region's.
#[inline]
pub(super) fn end(head: Head, region: Serial) {
    if !head.is_empty() {
        end_all(head, region);
    }
}

#[cold]
#[inline(never)]
fn end_all(head: Head, region: Serial) {
    if let Some(deeds) = close(head) {
        deeds.receive(region);
    }
}

/// Makes what borrowers did so far a region's.
#[cold]
#[inline(never)]
pub(super) fn receive(head: Head, region: Serial) {
    if let Some(deeds) = collect(head) {
        deeds.receive(region);
    }
}

/// Ends loans: borrowers that are not done yet keep what they do. Returns what the others did.
#[must_use]
pub(super) fn close(head: Head) -> Option<Deeds> {
    for address in loans::addresses(head) {
        BOXES.close(address);
    }
    let deeds = collect(head);
    for address in loans::addresses(head) {
        BOXES.leave(address);
    }
    deeds
}

/// What borrowers did since the last time.
fn collect(head: Head) -> Option<Deeds> {
    let mut all: Option<Deeds> = None;
    for deeds in loans::addresses(head).filter_map(take) {
        all.get_or_insert(Deeds::NONE).add(&deeds);
    }
    all
}

fn take(address: Address) -> Option<Deeds> {
    for _ in 0..PATIENCE {
        match BOXES.take(address) {
            Ok(deeds) => return deeds,
            Err(_) => std::thread::yield_now(),
        }
    }
    None
}
