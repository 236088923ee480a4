//! The audit: what allocates where, profile by profile.

pub mod args;
pub mod called;
pub mod collect;
pub mod diff;
pub mod fold;
pub mod merge;
pub mod origin;
pub mod progress;
pub mod read;
pub mod report;
pub mod resolve;
pub mod run;
pub mod sites;
pub mod source;
pub mod style;
pub mod text;
pub mod verb;
