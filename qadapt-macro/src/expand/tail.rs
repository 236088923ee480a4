//! A body that ends in `Box::pin(..)`, with its future guarded.

use crate::model::Tail;
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

/// The body with its future as `guard` makes it anew.
pub(super) fn guarded(tail: &Tail, body: &Group, guard: impl FnOnce(&TokenStream) -> TokenStream) -> Group {
    let with_span = |delimiter, tokens, span| {
        let mut group = Group::new(delimiter, tokens);
        group.set_span(span);
        group
    };
    let Tail { before, future, .. } = tail;
    let argument = with_span(Delimiter::Parenthesis, guard(&future.stream()), future.span());
    with_span(Delimiter::Brace, quote!(#before #argument), body.span())
}
