//! How much may wait.

use crate::model::{Amount, Beyond};

/// A limit, and what happens to a block that comes when it is reached.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Limit {
    pub(super) most: Amount,
    pub(super) beyond: Beyond,
    /// By which the prover finds it in a file with labels, and what is before it.
    #[cfg(qadapt_marks)]
    pub(super) found_by: [u64; 2],
}

impl Limit {
    pub(super) const NONE: Self = Self {
        most: Amount::ALL,
        beyond: Beyond::Violation,
        #[cfg(qadapt_marks)]
        found_by: [0x5141_4441_5054_4c4d, !0x5141_4441_5054_4c4d],
    };

    /// False where any amount may wait.
    #[inline(always)]
    pub(super) const fn is_set(&self) -> bool {
        self.most.blocks & self.most.bytes != u64::MAX
    }
}

/// What becomes of a block that is freed in a deferring region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits.
    Waits,
    /// The limit is reached, or there is no room.
    NoRoom,
}
