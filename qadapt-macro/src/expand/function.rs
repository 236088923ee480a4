//! The function that replaces the user's: the same signature, its body in a region.
//!
//! The body is handed over as a closure, never run under a guard whose drop acts: a panic from a drop leaks the
//! value that the function returns. Tokens of this crate's own are resolved in its own context, so that no lint
//! takes them for the user's, and located at the user's body, where a message about them points best.

use super::body::Body;
use super::output::Output;
use super::region::Region;
use super::{parameters, tail};
use crate::model::{Effect, Form, Function, Marked};
use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote;
use syn::Attribute;

/// Writes the function anew with its body under the attribute's effect.
pub(super) fn expand(marked: Marked) -> TokenStream {
    let Marked { attribute, options, mut function, form, test } = marked;
    let effect = attribute.effect();
    let Some(user) = function.body.take() else {
        return TokenStream::new();
    };
    let at = Span::mixed_site().located_at(user.span());
    let others = function.attributes.iter().any(expands);
    let signature = &mut function.signature;
    let name = signature.ident.clone();
    let region = Region { effect, options: &options, function: &name, at };
    let mut body = |user: &Group| Body {
        bindings: parameters::rebind(signature, at, others),
        output: Output::of(&signature.output),
        user: user.clone(),
        at,
    };
    let mut call = match &form {
        Form::Call => region.run(&body(&user).as_closure()),
        Form::Async => region.poll(&body(&user).as_future()),
        Form::Returned => region.guard(&region.make(&body(&user).as_closure())),
        Form::Boxed(found) => {
            region.pin(found, &tail::guarded(found, &user, |future| region.guard(future)), body)
        }
    };
    if let Some(test) = test {
        let first = region.test(test.should_panic);
        call = quote!(#first #call);
        if test.is_plain {
            function
                .attributes
                .push(syn::parse_quote_spanned!(Span::call_site()=> #[::core::prelude::v1::test]));
        }
    }
    if effect == Effect::Count && matches!(form, Form::Call) && callers_are_known(&function) {
        function.attributes.push(syn::parse_quote!(#[track_caller]));
    }

    let Function { attributes, visibility, defaultness, signature, inner, .. } = function;
    // The braces stay the user's: lints skip an item that ends in a macro's tokens.
    let mut braces = Group::new(Delimiter::Brace, quote!(#inner #call));
    braces.set_span(user.span());
    quote!(#(#attributes)* #visibility #defaultness #signature #braces)
}

/// Whether an attribute is none of the compiler's own, and so may be a macro that writes of the parameters.
fn expands(attribute: &Attribute) -> bool {
    const OWN: [&str; 24] = [
        "allow",
        "cfg",
        "cfg_attr",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "export_name",
        "forbid",
        "ignore",
        "inline",
        "instruction_set",
        "link_section",
        "must_use",
        "naked",
        "no_mangle",
        "optimize",
        "should_panic",
        "target_feature",
        "test",
        "track_caller",
        "unsafe",
        "warn",
    ];
    const TOOLS: [&str; 4] = ["clippy", "diagnostic", "rust_analyzer", "rustfmt"];
    let path = attribute.path();
    let is_of_tool = path.segments.first().is_some_and(|first| TOOLS.iter().any(|tool| first.ident == tool));
    !is_of_tool && !OWN.iter().any(|own| path.is_ident(own))
}

/// Whether `#[track_caller]` may be added to the function, so that each of its call sites is counted apart. It adds an argument,
/// of which those know nothing that call the function by its symbol.
fn callers_are_known(function: &Function) -> bool {
    let excluded = ["track_caller", "target_feature", "naked", "no_mangle", "export_name"];
    function.signature.abi.is_none()
        && function.signature.ident != "main"
        && !excluded.iter().any(|name| function.attribute(name).is_some())
}
