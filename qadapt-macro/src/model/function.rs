//! A function as tokens: its signature taken apart, its body left alone.

use proc_macro2::{Group, Ident, TokenStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Signature, Token, Visibility};

/// A function, method or declaration of one.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default`, in an impl that may be specialised.
    pub(crate) defaultness: Option<Ident>,
    pub(crate) signature: Signature,
    /// The inner attributes of the body, `#![..]`.
    pub(crate) inner: TokenStream,
    /// The braces and what they hold; it need not be anything that this crate understands.
    pub(crate) body: Option<Group>,
}

impl Function {
    /// Its attribute of this name, if the compiler has one that is called so; also in `unsafe(..)` and `cfg_attr(..)`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| names(&attribute.meta, name))
    }
}

fn names(meta: &Meta, name: &str) -> bool {
    let Meta::List(list) = meta else { return meta.path().is_ident(name) };
    if list.path.is_ident("unsafe") || list.path.is_ident("cfg_attr") {
        let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        let skipped = usize::from(list.path.is_ident("cfg_attr"));
        return parts.is_ok_and(|parts| parts.iter().skip(skipped).any(|part| names(part, name)));
    }
    list.path.is_ident(name)
}
