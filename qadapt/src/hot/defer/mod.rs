//! Deferred frees: in a deferring region a deallocation only notes the block, and another place gives it back.
//!
//! ```text
//! dealloc --> the thread's chain --(32 blocks, 16 KiB, or the region's end)--> WAITING --reclaim--> the inner allocator
//!         \-> a ring, for blocks that cannot hold a link --------------------------------/
//! ```
//! All of it works in builds without checks too. It belongs to the first [`Deferring`](allocator::Deferring) of the process
//! that defers: blocks know neither their allocator nor where that is.

pub(crate) mod allocator;
pub(crate) mod chain;
mod figures;
mod limit;
pub(crate) mod thread;
mod waiting;
