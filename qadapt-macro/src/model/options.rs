//! What the user wrote in an attribute's parentheses.

use super::PolicyOptions;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{LitStr, Path};

/// The options.
#[derive(Default)]
pub(crate) struct Options {
    /// The region's name, where the user gave one.
    pub(crate) name: Option<LitStr>,
    pub(crate) krate: Option<Path>,
    /// The option by which the future that the function returns is watched, not its call.
    pub(crate) future: Option<Ident>,
    /// The option by which a test fails where C's allocation functions are not watched.
    pub(crate) c: Option<Ident>,
    /// What makes the region more than a plain one.
    pub(crate) policy: PolicyOptions,
}

impl Options {
    /// The path under which the user's crate knows the guard.
    pub(crate) fn krate(&self) -> TokenStream {
        self.krate.as_ref().map_or_else(|| quote!(::qadapt), ToTokens::to_token_stream)
    }
}
