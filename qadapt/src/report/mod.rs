//! Reports: what is said of violations, outside the allocator.
//!
//! It may allocate, as QADAPT's own work, which is never counted and never a violation.

pub(crate) mod abort;
mod c;
mod c_live;
pub(crate) mod call_sites;
pub(crate) mod closing;
mod deferred;
pub(crate) mod excess;
pub(crate) mod exit;
pub(crate) mod fork;
mod frame;
mod handover;
mod hook;
pub(crate) mod live;
pub(crate) mod misuse;
mod origin;
pub(crate) mod payload;
#[cfg(feature = "profile")]
pub(crate) mod profile;
mod resolved;
mod sink;
mod source;
mod stderr;
mod symbols;
#[cfg(feature = "process-counts")]
pub(crate) mod totals;
pub(crate) mod unlent;
mod violation;

pub use c_live::c_is_active;
pub use excess::Expectation;
pub use frame::{Site, StackFrame};
pub use hook::{set_violation_hook, take_violation_hook};
pub use live::is_active;
pub use violation::Violation;
