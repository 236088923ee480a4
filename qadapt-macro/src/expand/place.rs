//! Where a region is and what it is called, as a constant.

use crate::model::Options;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The place of the region that `function` is; the constant leaves `note` too.
///
/// An attribute sees a method without its impl block. So a region without a name declares a type in the function: the
/// compiler knows the path of that, and the guard names the region by it. The type lives in a block of its own, where
/// nothing of the user's is looked up but the path to the guard.
///
/// The place is where the call is written, so the call carries the span of the function's name.
pub(super) fn tokens(
    options: &Options,
    function: &Ident,
    at: Span,
    note: Option<&TokenStream>,
) -> TokenStream {
    let krate = options.krate();
    let here = function.span();
    let (make, argument, declared) = match &options.name {
        Some(name) => (quote_spanned!(here=> >::named), quote!(#name), TokenStream::new()),
        None => (quote_spanned!(here=> >::of), quote_spanned!(at=> &QadaptFunction), declared(&krate, at)),
    };
    let mut arguments = Group::new(Delimiter::Parenthesis, argument);
    arguments.set_span(here);
    let open = quote_spanned!(here=> <);
    quote_spanned! {at=> const { #note #declared #open #krate::__private::Place #make #arguments } }
}

fn declared(krate: &TokenStream, at: Span) -> TokenStream {
    quote_spanned! {at=>
        struct QadaptFunction;
        impl #krate::__private::Function for QadaptFunction {
            const MODULE: &'static ::core::primitive::str = ::core::module_path!();
        }
    }
}
