//! What is known of deferred frees.

use super::Amount;

/// What became of the blocks that deferring regions freed, in the whole process: from [`deferred`](crate::deferred).
///
/// # Examples
/// ```
/// use qadapt::{Amount, Deferring, Qadapt};
/// use std::alloc::System;
/// use std::hint::black_box;
///
/// #[global_allocator]
/// static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));
///
/// let mut text = black_box(String::with_capacity(32));
/// qadapt::defer_frees(|| text.reserve_exact(64)); // a new block, and the old one waits
/// let deferred = qadapt::deferred();
/// assert_eq!(deferred.waiting, Amount { blocks: 1, bytes: 32 });
/// assert_eq!((deferred.moved, deferred.over), (1, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deferred {
    /// What waits now. Room that other threads have reserved under a [limit](crate::Deferring::limit) is counted too: up to 32
    /// blocks and 16 KiB for each thread that is in a deferring region.
    pub waiting: Amount,
    /// The most blocks and the most bytes that ever waited at once, counted as [`waiting`](Self::waiting) is: under a limit the room
    /// that threads had reserved is in it, so that it may be more than there ever was.
    pub most: Amount,
    /// How many blocks came when the limit was reached, or when there was no room to note them.
    pub over: u64,
    /// Reallocations whose old block was deferred.
    pub moved: u64,
    /// Reallocations to a smaller or the same size, which were not deferred: the block stays in use.
    pub shrunk: u64,
}

/// What happens to a block that a deferring region frees when the [limit](crate::Deferring::limit) is reached.
///
/// # Examples
/// ```
/// use qadapt::{Amount, Beyond, Deferring, Qadapt};
/// use std::alloc::System;
/// use std::hint::black_box;
///
/// #[global_allocator]
/// static ALLOC: Qadapt<Deferring<System>> =
///     Qadapt::new(Deferring::new(System).limit(Amount::of_blocks(1)).beyond(Beyond::Count));
///
/// let two = [16, 16].map(|bytes| black_box(String::with_capacity(bytes)));
/// qadapt::defer_frees(|| drop(two));
/// assert_eq!(qadapt::deferred().waiting.blocks, 2, "both wait");
/// assert_eq!(qadapt::deferred().over, 1, "one of them beyond the limit");
/// ```
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
