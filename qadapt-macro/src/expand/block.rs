//! An impl block with the attribute on its functions.

use crate::model::Block;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident};
use syn::ImplItem;

/// Writes the attribute with its options on each function that gets it.
pub(super) fn expand(block: Block) -> TokenStream {
    let Block { mut item, marked, attribute, options, written } = block;
    let krate = options.krate();
    let name = format_ident!("{}", attribute.name());
    for index in marked {
        let Some(ImplItem::Fn(function)) = item.items.get_mut(index) else { continue };
        let here = function.sig.ident.span();
        // Above all others, as on a function of its own: what those add to the body is theirs.
        function.attrs.insert(0, syn::parse_quote_spanned! {here=> #[#krate::#name(#written)] });
    }
    item.into_token_stream()
}
