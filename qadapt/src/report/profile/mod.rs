//! The heap's profile, as other programs read it.

mod files;
mod message;
mod pprof;

pub(crate) use pprof::pprof;
