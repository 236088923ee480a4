//! The profile format of `pprof`, compressed.

mod profile;
pub(crate) mod proto;
pub(crate) mod strings;

pub(crate) use profile::compressed;
pub use profile::pprof;
