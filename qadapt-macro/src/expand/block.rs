//! An impl block with the attribute on its functions.

use crate::model::Block;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{ImplItem, Type};

/// Writes the attribute with its options on each function that gets it.
pub(super) fn expand(block: Block) -> TokenStream {
    let Block { mut item, marked, attribute, options, written } = block;
    let krate = options.krate();
    let name = format_ident!("{}", attribute.name());
    let owner = owner(&item.self_ty);
    for index in marked {
        let Some(ImplItem::Fn(function)) = item.items.get_mut(index) else { continue };
        let separator = (!written.is_empty()).then(|| quote!(,));
        let owner = (attribute.is_region()).then(|| quote!(#separator __owner = #owner));
        let here = function.sig.ident.span();
        function.attrs.push(syn::parse_quote_spanned! {here=> #[#krate::#name(#written #owner)] });
    }
    item.into_token_stream()
}

/// The type's name without its arguments.
fn owner(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(String::new, |last| last.ident.to_string()),
        Type::Reference(inner) => owner(&inner.elem),
        other => other.span().source_text().unwrap_or_else(|| other.to_token_stream().to_string()),
    }
}
