//! The options that make a policy of a region.

use proc_macro2::Ident;
use syn::LitInt;

/// What the user asked for; without any of it a region is a plain one.
#[derive(Default)]
pub(crate) struct PolicyOptions {
    pub(crate) forbid: bool,
    /// Whether what is freed in the region waits.
    pub(crate) defer: bool,
    /// Whether the region must be proven free of allocation.
    pub(crate) prove: bool,
    /// A variant of `qadapt::Mode`.
    pub(crate) mode: Option<Ident>,
    /// Constants of `qadapt::Ops`.
    pub(crate) allow: Option<Vec<Ident>>,
    /// Builder methods of `qadapt::Budget` and their arguments.
    pub(crate) budget: Option<Vec<(Ident, LitInt)>>,
    pub(crate) sample: Option<LitInt>,
}
