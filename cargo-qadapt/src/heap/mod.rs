//! Profiles of heaps: those that `qadapt::profile()` writes in running processes, and others in pprof's format.

mod input;
mod join;
mod named;
pub(crate) mod verb;
