//! What the table keeps of one thing that is open on a thread.

use core::cell::Cell;
use core::panic::Location;
use core::sync::atomic::{AtomicU32, Ordering};

use super::head::Head;
use super::spending::Caps;
use super::word;
use crate::model::{Budget, Calls, High, Name, Place};

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Nothing: the place is free, or is being filled.
    Free = 0,
    /// A plain closure region.
    Plain,
    /// A closure under a policy, or a future's poll.
    Policy,
    /// A closure under another thread's policy.
    Borrowed,
    /// A permit's closure.
    Permit,
    /// QADAPT's own work.
    OwnWork,
    /// The user's code that own work calls.
    Hook,
    /// A panic of QADAPT's own, while it is raised.
    Raising,
    /// A region with a guard.
    Guard,
    /// `enter_protected`.
    Manual,
    /// A closure whose events are counted.
    Counting,
    /// A closure of which the stack of each event is kept.
    Recording,
    /// A closure whose events are left out of the counts round it.
    Uncounted,
    /// What a closure region without a record has lent.
    Loan,
}

impl Kind {
    /// True for what ends with a closure: guards, manual regions and loans opened inside end with it.
    #[inline(always)]
    pub(crate) const fn is_closure(self) -> bool {
        matches!(
            self,
            Self::Plain
                | Self::Policy
                | Self::Borrowed
                | Self::Permit
                | Self::OwnWork
                | Self::Hook
                | Self::Raising
        )
    }

    /// True for what the closure around it ends, if nobody else did.
    pub(crate) const fn is_left(self) -> bool {
        matches!(self, Self::Guard | Self::Manual | Self::Loan)
    }

    /// True for what can hold loans: the rest leaves them to what lies around it.
    pub(super) const fn holds_loans(self) -> bool {
        !matches!(self, Self::Recording | Self::Uncounted)
    }

    /// True for what leaves its events out of the counts round it.
    pub(super) const fn hides_counts(self) -> bool {
        matches!(self, Self::Uncounted | Self::OwnWork | Self::Hook | Self::Raising)
    }

    /// True for what protects, and so has a place.
    #[inline(always)]
    pub(crate) const fn is_region(self) -> bool {
        matches!(self, Self::Plain | Self::Policy | Self::Borrowed | Self::Guard | Self::Manual)
    }

    /// True for what tells of the violations inside it when it ends.
    #[inline(always)]
    pub(super) const fn reports(self) -> bool {
        self.is_region() || matches!(self, Self::Hook)
    }

    /// The word with this on top of what is open below it.
    #[inline(always)]
    pub(super) const fn on_top_of(self, below: i64, flags: i64) -> i64 {
        match self {
            Self::Permit => word::permitted(below) | below & flags,
            // Its one flag is that it asks the kernel whether calls are handed over.
            Self::OwnWork => word::OWN_WORK | word::SILENT | flags,
            Self::Hook => word::OWN_WORK,
            Self::Raising => word::OWN_WORK | word::RAISING,
            Self::Free | Self::Loan => below,
            Self::Counting | Self::Recording => below | flags,
            Self::Uncounted => below & !(word::COUNTING | word::RECORDING),
            // A region inside own work protects, as everywhere.
            Self::Plain | Self::Manual => (below & !word::OWN_WORK).wrapping_add(word::LEVEL),
            Self::Policy | Self::Borrowed | Self::Guard => below & !word::OWN_WORK | flags,
        }
    }
}

/// A name that no other thing on any thread has had: of a record, for as long as it is open. 0 is nothing's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Serial(pub(super) u64);

impl Serial {
    pub(crate) const NONE: Self = Self(0);

    /// The serial as a number of less than 62 bits.
    pub(crate) const fn number(self) -> u64 {
        self.0 & (u64::MAX >> 2)
    }

    /// The serial with this number, which [`number`](Self::number) gave.
    pub(crate) const fn numbered(number: u64) -> Self {
        Self(number)
    }

    /// True for a thing that has no record.
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// What the trace keeps of a region; see [`chain`](super::trace::chain).
#[derive(Debug)]
pub(super) struct Traced {
    /// The region's row, from 1; 0 for what has none.
    pub(super) number: Cell<u32>,
    /// The innermost region's row that this or what is below has, up to a permit.
    pub(super) innermost: Cell<u32>,
    /// Where the first region is, from here outwards, that events are counted in: its index, from 1.
    pub(super) counts: Cell<u32>,
    /// A permit lies between here and there.
    pub(super) through_permit: Cell<bool>,
    /// Live bytes of the thread at the entry.
    pub(super) entry: Cell<i64>,
    /// The least of the live bytes at the open entries of this region.
    pub(super) lowest: Cell<i64>,
    /// Events in this entry that count in its region.
    pub(super) events: Cell<u64>,
    /// What it did at each site: the trace's list. Only this thread uses it.
    pub(super) visits: AtomicU32,
    /// This is the process's first entry of the region.
    pub(super) is_first: Cell<bool>,
}

impl Traced {
    /// Live bytes changed so by an event that does not count in the region: its own, and their peak, stay as they are.
    pub(super) fn leave_out(&self, change: i64) {
        self.entry.set(self.entry.get().wrapping_add(change));
        self.lowest.set(self.lowest.get().wrapping_add(change));
    }
}

/// One thing that is open: who it is, what it changes, and what that makes of the word with all that is below it.
#[derive(Debug)]
pub(crate) struct Record {
    /// Written last when a record is opened, and first when it ends: [`Kind::Free`] hides the rest.
    pub(super) kind: Cell<Kind>,
    pub(super) loans: Cell<Head>,
    pub(super) serial: Cell<u64>,
    /// The address of the closure's frame: a number, which nothing follows. Of a counting region, the most blocks before.
    pub(super) key: Cell<usize>,
    /// The innermost closure below: its serial.
    pub(super) owner: Cell<u64>,
    /// The innermost that [reports](Kind::reports), for what does not: its serial.
    pub(super) reporter: Cell<u64>,
    /// What it sets in the word.
    pub(super) flags: Cell<i64>,
    /// The word with this on top.
    pub(super) word: Cell<i64>,
    /// Where a region is entered; its name and poll, but for a manual region, which has neither.
    location: Cell<Option<&'static Location<'static>>>,
    name: Cell<Name>,
    poll: Cell<u32>,
    /// The caps of its own budget; of a permit, the total before.
    pub(super) own_caps: Cell<Caps>,
    /// The caps with this on top, where the word has a budget.
    pub(super) caps: Cell<Caps>,
    /// The loan through which its budget is shared.
    pub(super) shared: Cell<Head>,
    /// The system calls that it allows, where the flags have them disallowed.
    pub(super) allowed: Cell<Calls>,
    /// How many others it still allows; [`Budget::NO_CALLS_GIVEN`] where it has no budget of calls.
    pub(super) calls: Cell<u32>,
    /// Requests until one is refused; for a counting region, the most bytes before; for a borrowed policy, the
    /// [loan](Self::counts_for) that it counts for.
    pub(super) figure: Cell<i64>,
    /// The serial of its record in the host, where this copy has another one; see [`copies`](super::copies).
    pub(super) host: Cell<u64>,
    pub(super) traced: Traced,
}

impl Record {
    #[expect(clippy::declare_interior_mutable_const, reason = "what each place of a new table begins with")]
    pub(super) const FREE: Self = Self {
        kind: Cell::new(Kind::Free),
        loans: Cell::new(Head::NONE),
        serial: Cell::new(0),
        key: Cell::new(0),
        owner: Cell::new(0),
        reporter: Cell::new(0),
        flags: Cell::new(0),
        word: Cell::new(0),
        location: Cell::new(None),
        name: Cell::new(Name::NONE),
        poll: Cell::new(0),
        own_caps: Cell::new(Caps::ZERO),
        caps: Cell::new(Caps::ZERO),
        shared: Cell::new(Head::NONE),
        allowed: Cell::new(Calls::NONE),
        // Zeros, as all of a new table. What disallows calls sets it.
        calls: Cell::new(0),
        figure: Cell::new(0),
        host: Cell::new(0),
        traced: Traced {
            number: Cell::new(0),
            innermost: Cell::new(0),
            counts: Cell::new(0),
            through_permit: Cell::new(false),
            entry: Cell::new(0),
            lowest: Cell::new(0),
            events: Cell::new(0),
            visits: AtomicU32::new(0),
            is_first: Cell::new(false),
        },
    };

    #[inline(always)]
    pub(crate) fn kind(&self) -> Kind {
        self.kind.get()
    }

    #[inline(always)]
    pub(crate) fn serial(&self) -> Serial {
        Serial(self.serial.get())
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.place_as(self.kind())
    }

    /// The place while the record opens and its kind is not in it yet.
    pub(super) fn place_as(&self, kind: Kind) -> Option<Place> {
        let location = self.location.get().filter(|_| kind.is_region())?;
        let place = Place { name: Name::NONE, location, poll: 0 };
        let is_manual = kind == Kind::Manual;
        Some(if is_manual { place } else { Place { name: self.name.get(), poll: self.poll.get(), ..place } })
    }

    #[inline(always)]
    pub(super) fn set_place(&self, place: Place) {
        self.set_location(place.location);
        self.name.set(place.name);
        self.poll.set(place.poll);
    }

    /// A region of another copy has no place that this one may look at.
    pub(super) fn clear_place(&self) {
        self.location.set(None);
    }

    /// The place of a manual region.
    #[inline(always)]
    pub(super) fn set_location(&self, location: &'static Location<'static>) {
        self.location.set(Some(location));
    }

    pub(crate) fn owner(&self) -> Serial {
        Serial(self.owner.get())
    }

    pub(crate) fn reporter(&self) -> Serial {
        if self.kind.get().reports() { self.serial() } else { Serial(self.reporter.get()) }
    }

    #[inline(always)]
    pub(super) fn word(&self) -> i64 {
        self.word.get()
    }

    /// Of a counting region: what was the most before.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "what was kept")]
    pub(super) fn high(&self) -> High {
        High { bytes: self.figure.get(), blocks: self.key.get() as isize as i64 }
    }

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "fewer blocks than addresses"
    )]
    pub(super) fn set_high(&self, high: High) {
        self.figure.set(high.bytes);
        self.key.set(high.blocks as isize as usize);
    }

    /// The loan whose lender is told what this counts, where this is a borrowed policy that counts.
    pub(super) fn counts_for(&self) -> Head {
        let is_it = self.kind() == Kind::Borrowed;
        u32::try_from(self.figure.get()).ok().filter(|_| is_it).map_or(Head::NONE, Head)
    }

    pub(super) fn set_counts_for(&self, loan: Head) {
        self.figure.set(loan.0.into());
    }

    /// True for a budget of calls: see [`calls`](Self::calls).
    pub(super) fn limits_calls(&self) -> bool {
        self.calls.get() != Budget::NO_CALLS_GIVEN
    }

    /// True for what keeps the total from its entry: what is used inside is not taken off the budgets outside.
    pub(super) fn hides_budgets(&self) -> bool {
        matches!(self.kind.get(), Kind::Permit | Kind::OwnWork | Kind::Hook | Kind::Raising)
            && self.figure.get() != 0
    }

    /// The innermost closure, this one included: its serial.
    #[inline(always)]
    pub(super) fn closure(&self) -> u64 {
        if self.kind.get().is_closure() { self.serial.get() } else { self.owner.get() }
    }

    /// Makes this a copy of a record further up, but for the kind.
    pub(super) fn take(&self, other: &Self) {
        self.loans.set(other.loans.get());
        self.serial.set(other.serial.get());
        self.key.set(other.key.get());
        self.flags.set(other.flags.get());
        self.location.set(other.location.get());
        self.name.set(other.name.get());
        self.poll.set(other.poll.get());
        self.own_caps.set(other.own_caps.get());
        self.shared.set(other.shared.get());
        self.allowed.set(other.allowed.get());
        self.calls.set(other.calls.get());
        self.figure.set(other.figure.get());
        self.host.set(other.host.get());
        self.traced.number.set(other.traced.number.get());
        self.traced.entry.set(other.traced.entry.get());
        self.traced.lowest.set(other.traced.lowest.get());
        self.traced.events.set(other.traced.events.get());
        self.traced.visits.store(other.traced.visits.load(Ordering::Relaxed), Ordering::Relaxed);
        self.traced.is_first.set(other.traced.is_first.get());
    }

    /// Works out what follows for the only record; returns what it makes of the word. No record is below the first one, so that its
    /// owner and its reporter are always none.
    #[inline(always)]
    pub(super) fn settle_first(&self, kind: Kind, base: i64) -> i64 {
        let flags = self.flags.get();
        // The base has nothing of own work, and no budget: both have records.
        let word = match kind {
            Kind::Plain | Kind::Manual => base.wrapping_add(word::LEVEL),
            Kind::Policy | Kind::Borrowed | Kind::Guard => base | flags,
            _ => kind.on_top_of(base, flags),
        };
        self.word.set(word);
        if flags & word::BUDGET != 0 {
            self.settle_caps(None);
        }
        word
    }

    /// Works out what follows from the records below: `below` is the one under this, `base` the word under all.
    #[inline(always)]
    pub(super) fn settle_on(&self, kind: Kind, below: Option<&Self>, base: i64) {
        let word = self.settle_without_budget(kind, below, base);
        if word & word::BUDGET != 0 {
            self.settle_caps(below);
        }
    }

    /// The same where no budget is open. Returns what it makes of the word.
    #[inline(always)]
    pub(super) fn settle_without_budget(&self, kind: Kind, below: Option<&Self>, base: i64) -> i64 {
        let under = below.map_or(base, Self::word);
        let flags = self.flags.get();
        let word = kind.on_top_of(under, flags);
        self.word.set(word);
        self.owner.set(below.map_or(0, Self::closure));
        if !kind.reports() {
            self.reporter.set(below.map_or(0, |below| below.reporter().0));
        }
        word
    }

    #[cold]
    #[inline(never)]
    fn settle_caps(&self, below: Option<&Self>) {
        let own = if self.flags.get() & word::BUDGET != 0 { self.own_caps.get() } else { Caps::NONE };
        let outer = below.filter(|below| below.word() & word::BUDGET != 0).map(|below| below.caps.get());
        self.caps.set(outer.map_or(own, |outer| own.and(outer)));
    }
}
