//! Violations as a thread keeps them, and how many it could not keep.

use qadapt_spin::Slot;

use crate::hot::request::Cause;
use crate::model::{Mode, Op};

/// Equal violations, pending since the same region opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// The first of them.
    pub(crate) op: Op,
    pub(crate) size: usize,
    pub(crate) old_size: usize,
    pub(crate) align: usize,
    pub(crate) mode: Mode,
    pub(crate) cause: Cause,
    /// Their stack; `None` where the table of stacks was full.
    pub(crate) slot: Option<Slot>,
    /// How often.
    pub(crate) times: u32,
    /// It happened on a thread that the region's policy was lent to.
    pub(crate) lent: bool,
}

impl Pending {
    /// True if the two can be told as one.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.slot == other.slot
            && self.mode == other.mode
            && self.op == other.op
            && self.cause == other.cause
            && self.lent == other.lent
    }
}

/// Violations that could not be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) count: u64,
    /// Those among them that are owed as a panic.
    pub(crate) owed: u64,
    /// Besides them, violations of which nothing is to be said: they go into the region's total.
    #[cfg(feature = "process-counts")]
    pub(crate) counted: u64,
}

impl Lost {
    pub(crate) const NOTHING: Self = Self::of(0, 0);

    /// So many, of which so many are owed as a panic.
    pub(in crate::hot) const fn of(count: u64, owed: u64) -> Self {
        Self {
            count,
            owed,
            #[cfg(feature = "process-counts")]
            counted: 0,
        }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            owed: self.owed.saturating_add(other.owed),
            #[cfg(feature = "process-counts")]
            counted: self.counted.saturating_add(other.counted),
        }
    }
}
