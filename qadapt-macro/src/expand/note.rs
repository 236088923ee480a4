//! What leaves a note of a protected region for the prover, in a build that wants one.

use crate::model::{Options, Subject};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitInt;
use syn::ext::IdentExt as _;

/// The note of the region that `function` is: 1 if it must be proven, 2 if it may allocate but must not wait.
///
/// It is a string that the compiler knows before it knows types, so it names a region that has no name by its module
/// and its function, without the type whose method it is. The prover tells methods apart by their places.
pub(super) fn tokens(options: &Options, function: &Ident, at: Span) -> TokenStream {
    let krate = options.krate();
    let name = options.name.as_ref().map_or_else(|| path(function, at), ToTokens::to_token_stream);
    let kind = match options.policy.subject {
        Subject::Calls => "2",
        _ if options.policy.prove => "1",
        _ => "0",
    };
    let kind = LitInt::new(kind, at);
    quote_spanned! {at=> #krate::__private::note!(#kind, #name); }
}

fn path(function: &Ident, at: Span) -> TokenStream {
    let function = function.unraw().to_string();
    quote_spanned! {at=> ::core::concat!(::core::module_path!(), "::", #function) }
}
