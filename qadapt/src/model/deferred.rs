//! What is known of deferred frees.

use super::Amount;

/// What became of the blocks that deferring regions freed, in the whole process: from [`deferred`](crate::deferred).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deferred {
    /// What waits now. Room that other threads have reserved under a [limit](crate::Deferring::limit) is counted too: up to 32
    /// blocks and 16 KiB for each thread that is in a deferring region.
    pub waiting: Amount,
    /// The most blocks and the most bytes that ever waited at once.
    pub most: Amount,
    /// How many blocks came when the limit was reached, or when there was no room to note them.
    pub over: u64,
    /// Reallocations whose old block was deferred.
    pub moved: u64,
    /// Reallocations to a smaller or the same size, which were not deferred: the block stays in use.
    pub shrunk: u64,
}

/// What happens to a block that a deferring region frees when the [limit](crate::Deferring::limit) is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Beyond {
    /// It is freed at once, and that is a violation where deallocations are one; where a reallocation has moved out of it, where
    /// reallocations are one.
    #[default]
    Violation,
    /// It is freed at once, and that is no violation.
    Free,
    /// It waits all the same, and is counted in [`Deferred::over`]. Only where there is no room to note it, it is freed as with
    /// [`Violation`](Self::Violation).
    Count,
}
