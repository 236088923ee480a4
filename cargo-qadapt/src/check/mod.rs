//! The check: what runs do against what was settled.

pub mod args;
pub mod baseline;
pub mod changes;
pub mod command;
pub mod compare;
pub mod key;
pub mod lock;
pub mod now;
pub mod paths;
pub mod range;
pub mod since;
pub mod verb;
mod written;
