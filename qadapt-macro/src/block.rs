//! An attribute on an impl block: the same attribute on each of its functions.

use crate::attribute::Attribute;
use crate::options::Options;
use crate::refusal::Refusal;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{ImplItem, ItemImpl, Type};

/// An impl block to be marked function by function.
pub(crate) struct Block(ItemImpl);

/// Reads an impl block; nothing if something else stands here, or the attribute has no meaning on one.
pub(crate) fn read(item: &TokenStream, attribute: Attribute) -> Option<Result<Block, Refusal>> {
    if attribute == Attribute::Test {
        return None;
    }
    let block: ItemImpl = syn::parse2(item.clone()).ok()?;
    Some(Ok(Block(block)))
}

impl Block {
    /// Puts the attribute with its options on each function that can open a region and has no attribute of this
    /// crate's already; `const` functions are left alone.
    pub(crate) fn expand(
        self,
        attribute: Attribute,
        options: &Options,
        written: &TokenStream,
    ) -> Result<TokenStream, Refusal> {
        let Self(mut block) = self;
        if let Some(name) = options.name() {
            let message =
                "a name on an impl block would be every function's: write it on the function's own attribute";
            return Err(Refusal::at(name.span(), message));
        }
        if let Some(option) = options.future() {
            let message =
                "`future` on an impl block would be every function's: write it on those that return a future";
            return Err(Refusal::at(option.span(), message));
        }
        let krate = options.krate();
        let name = format_ident!("{}", attribute.name());
        let owner = owner(&block.self_ty);
        for item in &mut block.items {
            let ImplItem::Fn(function) = item else { continue };
            let signature = &function.sig;
            let marked = function.attrs.iter().any(|other| {
                other
                    .path()
                    .segments
                    .last()
                    .is_some_and(|last| Attribute::NAMES.iter().any(|own| last.ident == own))
            });
            if marked || signature.constness.is_some() || signature.variadic.is_some() {
                continue;
            }
            let separator = (!written.is_empty()).then(|| quote!(,));
            let owner = (attribute.is_region()).then(|| quote!(#separator __owner = #owner));
            let tokens = quote_spanned! {signature.ident.span()=> #[#krate::#name(#written #owner)] };
            let attributes = syn::parse::Parser::parse2(syn::Attribute::parse_outer, tokens)?;
            function.attrs.extend(attributes);
        }
        Ok(block.into_token_stream())
    }
}

/// The type's name without its arguments.
fn owner(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(String::new, |last| last.ident.to_string()),
        Type::Reference(inner) => owner(&inner.elem),
        other => other.span().source_text().unwrap_or_else(|| other.to_token_stream().to_string()),
    }
}
