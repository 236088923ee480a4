//! Violations as a thread keeps them, and hands them to another.

use qadapt_spin::Slot;

use super::lost;
use crate::hot::request::Cause;
use crate::model::{Mode, Op};

/// Distinct violations that are handed on at once, from a thread to the lender of its policy.
const ROOM: usize = 64;

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

/// What a region has pending, taken off its thread's list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) entries: [Option<Pending>; ROOM],
    pub(crate) lost: Lost,
}

impl Batch {
    pub(crate) const EMPTY: Self = Self { entries: [None; ROOM], lost: Lost::NOTHING };

    pub(crate) fn is_empty(&self) -> bool {
        self.lost == Lost::NOTHING && self.entries.iter().all(Option::is_none)
    }

    /// The batch as the lender of the policy has it.
    pub(crate) fn lent(mut self) -> Self {
        self.entries.iter_mut().flatten().for_each(|pending| pending.lent = true);
        self
    }

    /// Takes another batch in; what there is no room for is lost.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lost = self.lost.and(other.lost);
        for pending in other.entries.iter().flatten() {
            let place =
                self.entries.iter_mut().find(|entry| entry.is_none_or(|entry| entry.is_like(pending)));
            match place {
                Some(Some(entry)) => entry.times = entry.times.saturating_add(pending.times),
                Some(empty) => *empty = Some(*pending),
                None => self.lost = self.lost.and(lost(pending)),
            }
        }
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
