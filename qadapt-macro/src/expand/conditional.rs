//! Which of a parameter's attributes belong where the parameter is now declared in one place and bound in another.
//!
//! `#[cfg]` must hold at both. A lint level belongs where the pattern is; a fulfilled `#[expect]` would be
//! unfulfilled at the other place. Anything else is for other macros and stays in the signature.

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token};

/// Where an attribute acts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Both,
    Parameter,
    Binding,
}

/// What of `attribute` stays at the parameter.
pub(super) fn on_parameter(attribute: &Attribute) -> Option<Attribute> {
    kept(attribute, |place| place != Place::Binding)
}

/// What of `attribute` goes to the binding: its conditions, and its lint levels if `lints`.
pub(super) fn on_binding(attribute: &Attribute, lints: bool) -> Option<Attribute> {
    kept(attribute, |place| place == Place::Both || (lints && place == Place::Binding))
}

fn kept(attribute: &Attribute, wanted: impl Copy + Fn(Place) -> bool) -> Option<Attribute> {
    let meta = filtered(attribute.meta.clone(), wanted)?;
    Some(Attribute { meta, ..attribute.clone() })
}

/// The wanted parts of an attribute; those inside a `cfg_attr` are looked at one by one.
fn filtered(meta: Meta, wanted: impl Copy + Fn(Place) -> bool) -> Option<Meta> {
    match meta {
        Meta::List(mut list) if list.path.is_ident("cfg_attr") => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let mut parts = parts.into_iter();
            let condition = parts.next()?;
            let parts: Vec<Meta> = parts.filter_map(|part| filtered(part, wanted)).collect();
            list.tokens = quote!(#condition, #(#parts),*);
            (!parts.is_empty()).then_some(Meta::List(list))
        }
        meta => wanted(place(meta.path())).then_some(meta),
    }
}

fn place(path: &Path) -> Place {
    const LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    if path.is_ident("cfg") {
        Place::Both
    } else if LEVELS.iter().any(|level| path.is_ident(level)) {
        Place::Binding
    } else {
        Place::Parameter
    }
}
