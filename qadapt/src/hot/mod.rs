//! What runs inside an allocator call.
//!
//! Nothing here allocates, unwinds, formats through `core::fmt`, blocks, or takes a lock; so all of it may also run
//! in a signal handler that interrupted the allocator.

pub(crate) mod allocator;
pub(crate) mod announce;
pub(crate) mod budget;
pub(crate) mod capture;
pub(crate) mod counters;
pub(crate) mod entries;
pub(crate) mod event;
pub(crate) mod frame;
pub(crate) mod guards;
pub(crate) mod inject;
pub(crate) mod loans;
pub(crate) mod manual;
pub(crate) mod modules;
pub(crate) mod own_blocks;
pub(crate) mod pending;
pub(crate) mod record;
pub(crate) mod setting;
mod shared_budget;
mod stacks;
pub(crate) mod trace;
mod walk;
pub(crate) mod word;
