//! The profile format of `pprof`, compressed.

mod profile;
mod proto;

pub use profile::pprof;
