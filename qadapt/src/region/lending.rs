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
    /// When it was counted: a stretch of time, from 1, in which borrowers may have run side by side.
    pub(super) stretch: u64,
    /// What was counted in the stretches before.
    pub(super) earlier: Tally,
    /// Times that a borrower could not count something.
    pub(super) lost: u64,
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
        stretch: 0,
        earlier: Tally::NOTHING,
        lost: 0,
        violations: 0,
        calls_disallowed: 0,
        calls: 0,
        lost_calls: 0,
        unwatched: 0,
    };

    /// Takes in what one borrower gives.
    fn add(&mut self, other: &Self) {
        if other.stretch != self.stretch && other.stretch != 0 {
            self.earlier = self.counted();
            (self.tally, self.stretch) = (Tally::NOTHING, other.stretch);
        }
        self.tally = self.tally.beside(other.tally);
        self.add_uncounted(other);
    }

    /// Takes in what the borrowers of another loan did. Nobody knows who was first.
    fn add_all(&mut self, other: &Self) {
        self.tally = self.counted().beside(other.counted());
        self.earlier = Tally::NOTHING;
        self.add_uncounted(other);
    }

    /// All that was counted.
    fn counted(&self) -> Tally {
        self.earlier.followed_by(self.tally)
    }

    fn add_uncounted(&mut self, other: &Self) {
        self.pending.add(&other.pending);
        self.lost = self.lost.saturating_add(other.lost);
        self.violations = self.violations.saturating_add(other.violations);
        self.calls_disallowed = self.calls_disallowed.saturating_add(other.calls_disallowed);
        self.calls = self.calls.saturating_add(other.calls);
        self.lost_calls = self.lost_calls.saturating_add(other.lost_calls);
        self.unwatched = self.unwatched.saturating_add(other.unwatched);
    }

    /// Makes them this thread's and a region's.
    pub(super) fn receive(&self, region: Serial) {
        pending::receive(region, &self.pending);
        copies::violations(0_i64.saturating_add_unsigned(self.violations));
        calls::change_violations(0_i64.saturating_add_unsigned(self.calls_disallowed));
        counters::add(self.counted());
        if self.lost > 0 {
            counters::lose();
        }
        calls::count(self.calls);
        if self.lost_calls > 0 {
            calls::lose();
        }
        calls::add_unwatched(self.unwatched);
    }

    /// True if there is something for the lender's counts.
    pub(super) fn has_counts(&self) -> bool {
        self.tally != Tally::NOTHING || self.lost > 0 || self.calls > 0 || self.lost_calls > 0
    }

    /// The counts; of system calls too if those were counted.
    pub(super) fn counts(&self, has_calls: bool) -> Counts {
        let counts = if self.lost > 0 { Counts::UNMEASURED } else { Counts::measured(self.counted()) };
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

/// A borrowed policy's count for a lender.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountFor {
    pub(super) loan: Address,
    pub(super) stretch: u64,
}

impl CountFor {
    /// Begins it, until [`end`](Self::end). `None` where the lender has closed, or counts what happens here anyway: then it would
    /// count all twice.
    pub(super) fn begin(borrowed: Serial, loan: Address) -> Option<Self> {
        if loans::is_counted_for(loan) || !enter(loan) {
            return None;
        }
        Some(Self { loan, stretch: loans::begin_counting(borrowed, loan) })
    }

    /// What it was: the figures, or none where something was left out.
    pub(super) fn deeds(&self, tally: Option<Tally>, calls: CallCount) -> Deeds {
        Deeds {
            tally: tally.unwrap_or(Tally::NOTHING),
            stretch: self.stretch,
            lost: tally.is_none().into(),
            calls: calls.get().unwrap_or(0),
            lost_calls: calls.is_unmeasured().into(),
            ..Deeds::NONE
        }
    }

    pub(super) fn end(self) {
        loans::end_counting(self.loan);
        leave(self.loan);
    }
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
    // Whoever comes from now on finds no region of this thread's.
    loans::detach(head);
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
        all.get_or_insert(Deeds::NONE).add_all(&deeds);
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
