//! What runs inside an allocator call.
//!
//! Nothing here allocates, unwinds, formats through `core::fmt`, blocks, or takes a lock; so all of it may also run
//! in a signal handler that interrupted the allocator.

pub(crate) mod allocator;
pub(crate) mod announce;
pub(crate) mod apart;
mod base;
pub(crate) mod blocking;
pub(crate) mod budget;
pub(crate) mod c;
mod call;
pub(crate) mod calls;
pub(crate) mod capture;
pub(crate) mod copies;
pub(crate) mod counters;
pub(crate) mod defer;
mod dispatch;
pub(crate) mod end;
pub(crate) mod entries;
pub(crate) mod event;
mod figure;
pub(crate) mod head;
pub(crate) mod inject;
mod inner;
mod loan;
pub(crate) mod loans;
mod mapped;
pub(crate) mod measured;
mod mix;
mod moved;
pub(crate) mod open;
mod outermost;
pub(crate) mod own_blocks;
pub(crate) mod own_work;
pub(crate) mod pending;
#[cfg(feature = "process-counts")]
pub(crate) mod process;
#[cfg(feature = "profile")]
pub(crate) mod profile;
mod push;
pub(crate) mod record;
pub(crate) mod request;
pub(crate) mod setting;
mod shared_budget;
pub(crate) mod spending;
pub(crate) mod stacks;
pub(crate) mod step;
mod stretch;
pub(crate) mod table;
pub(crate) mod trace;
#[cfg(any(feature = "allocator-api2", qadapt_allocator_api))]
mod values;
mod walk;
mod watched;
pub(crate) mod word;
