//! Profiles of heaps: those that `qadapt::profile()` writes in running processes, and others in pprof's format.
//!
//! `input` reads one, `join` makes one of many, or says why it is `unfit` for that, and `named` names its addresses; `merge` does
//! all of that.

mod input;
mod join;
pub(crate) mod merge;
mod named;
mod unfit;
