//! What a guarded future keeps from poll to poll.

use crate::hot::head::Head;
use crate::model::{Name, Place};

/// Set in the number of polls while the future has lent its policy: the increment at each poll tells it for free.
const LENT: u32 = 1 << 31;

/// The place of a future, how often it was polled, and what it has lent to other threads.
#[derive(Debug)]
pub(super) struct Polled {
    place: Place,
    loans: Head,
}

impl Polled {
    pub(super) const fn new(place: Place) -> Self {
        Self { place, loans: Head::NONE }
    }

    /// Counts a poll.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        self.place.poll = self.place.poll.wrapping_add(1);
    }

    #[inline(always)]
    pub(super) const fn has_lent(&self) -> bool {
        self.place.poll & LENT != 0
    }

    pub(super) const fn is_new(&self) -> bool {
        self.place.poll == 0
    }

    pub(super) const fn loans(&self) -> Head {
        self.loans
    }

    pub(super) fn set_loans(&mut self, loans: Head) {
        self.loans = loans;
        self.place.poll = self.place.poll & !LENT | if loans.is_empty() { 0 } else { LENT };
    }

    /// The place with the number of the poll.
    pub(super) const fn place(&self) -> Place {
        Place { poll: self.place.poll & !LENT, ..self.place }
    }

    #[inline(always)]
    pub(super) const fn name(&self) -> Name {
        self.place.name
    }

    #[inline(always)]
    pub(super) const fn location(&self) -> &'static core::panic::Location<'static> {
        self.place.location
    }
}

/// Where a region is in the source: the closure form's place, or a future's.
pub(super) enum Source<'a> {
    Closure(Place),
    Future(&'a mut Polled),
}

impl Source<'_> {
    /// What earlier polls have lent.
    #[inline(always)]
    pub(super) const fn loans(&self) -> Head {
        match self {
            Self::Closure(_) => Head::NONE,
            Self::Future(polled) => polled.loans(),
        }
    }
}
