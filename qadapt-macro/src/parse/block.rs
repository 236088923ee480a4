//! Reads an impl block.

use super::options;
use crate::model::{Attribute, Block, Refusal};
use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::{ImplItem, ImplItemFn, ItemImpl};

/// Reads an impl block; nothing if something else stands here, or the attribute has no meaning on one.
pub(super) fn read(
    attribute: Attribute,
    written: &TokenStream,
    item: &TokenStream,
) -> Option<Result<Block, Refusal>> {
    if attribute == Attribute::Test {
        return None;
    }
    let item: ItemImpl = syn::parse2(item.clone()).ok()?;
    Some(marked(attribute, written.clone(), item))
}

fn marked(attribute: Attribute, written: TokenStream, item: ItemImpl) -> Result<Block, Refusal> {
    let options = options::read(written.clone(), attribute)?;
    if let Some(name) = &options.name {
        let message =
            "a name on an impl block would be every function's: write it on the function's own attribute";
        return Err(Refusal::at(name.span(), message));
    }
    if let Some(option) = &options.future {
        let message =
            "`future` on an impl block would be every function's: write it on those that return a future";
        return Err(Refusal::at(option.span(), message));
    }
    if let Some(call) = item.items.iter().find(|item| matches!(item, ImplItem::Macro(_))) {
        let message = "an attribute on an impl block does not reach into a macro call: write it on the functions that the \
                       macro defines, and the call in an impl block of its own";
        return Err(Refusal::at(call.span(), message));
    }
    let is_marked = |item: &ImplItem| matches!(item, ImplItem::Fn(function) if can_be_marked(function));
    let marked = (0..).zip(&item.items).filter(|(_, item)| is_marked(item)).map(|(index, _)| index).collect();
    Ok(Block { item, marked, attribute, options, written })
}

/// Whether the function can open a region and has no attribute of this crate's already.
fn can_be_marked(function: &ImplItemFn) -> bool {
    let is_own = |other: &syn::Attribute| {
        let last = other.path().segments.last();
        last.is_some_and(|last| Attribute::NAMES.iter().any(|own| last.ident == own))
    };
    let signature = &function.sig;
    signature.constness.is_none() && signature.variadic.is_none() && !function.attrs.iter().any(is_own)
}
