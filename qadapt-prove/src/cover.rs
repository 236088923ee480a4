//! What the graph asks of assumptions and permits: whether a call is covered.

use std::collections::BTreeSet;

use super::body::{Call, Callee};
use super::permits::Under;

/// What the user vouches for at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// The call does not allocate, by the assumption of this number.
    Call(u32),
    /// What is unknown in it and below does not allocate, by these assumptions; what is known counts.
    Below(Vouched),
}

/// The numbers of assumptions about what is below a call: those under [`Vouched::MOST`], which others leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Vouched(u128);

impl Vouched {
    /// How many can be told apart.
    pub(crate) const MOST: u32 = u128::BITS;

    /// These, and the assumption of this number.
    pub(crate) const fn and(self, number: u32) -> Self {
        Self(self.0 | 1 << number)
    }

    /// Those of both.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Their numbers.
    pub(crate) fn numbers(self) -> impl Iterator<Item = u32> {
        (0..Self::MOST).filter(move |number| self.0 >> number & 1 == 1)
    }
}

/// Where a call through a pointer leads, by what the user says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callees {
    /// The numbers of the assumptions.
    pub(crate) by: Vec<u32>,
    /// Where the functions begin that these name.
    pub(crate) functions: BTreeSet<u64>,
}

/// Says what the user vouches for.
pub(crate) trait Assumptions {
    /// What covers this call, if anything does.
    fn covers(&self, site: u64, callee: Callee) -> Option<Cover>;

    /// Where the user says that the call at an address leads, if it is through a pointer.
    fn callees(&self, _site: u64) -> Option<Callees> {
        None
    }

    /// The number of the assumption that this call of `Once::call` is about something which has been made before.
    fn is_made(&self, _call: &Call) -> Option<u32> {
        None
    }

    /// Whether an assumption that covers what is below a call speaks of this callee there.
    fn speaks_of(&self, number: u32, callee: Callee) -> bool;

    /// The number of the assumption that no other object overrides what this one exports, if it is made.
    fn not_overridden(&self) -> Option<u32>;

    /// What the program's own permits say of a call.
    fn under(&self, _site: u64, _callee: Callee) -> Under {
        Under::Nothing
    }

    /// Whether some regions of the file forbid permits.
    fn some_forbid(&self) -> bool {
        false
    }

    /// Whether a function has a region, which protects inside a permit too.
    fn has_region(&self, _entry: u64) -> bool {
        false
    }
}
