//! Reads a function, or a declaration of one.

use crate::model::Function;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, Token};

/// Reads a function that has been recognised as one.
pub(super) fn read(input: ParseStream<'_>) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let defaultness = word(input, "default")?;
    // Only a function in an extern block is `safe`, and that has no body to protect.
    word(input, "safe")?;
    let signature = input.parse()?;
    let (inner, body) = if input.parse::<Option<Token![;]>>()?.is_some() {
        (TokenStream::new(), None)
    } else {
        let (inner, body) = split(body(input)?)?;
        (inner, Some(body))
    };
    Ok(Function { attributes, visibility, defaultness, signature, inner, body })
}

/// Why no region can be opened in this function, if so, and where that shows.
pub(super) fn obstacle(function: &Function) -> Option<(Span, &'static str)> {
    let signature = &function.signature;
    if function.body.is_none() {
        let why = "needs a body to stand on: write it on the methods that implement this one, \
                       or on the Rust function that calls it";
        return Some((signature.ident.span(), why));
    }
    if let Some(keyword) = &signature.constness {
        let why = "cannot open a region at compile time: remove `const`, \
                       or write the attribute on the functions that call this one";
        return Some((keyword.span(), why));
    }
    if let Some(dots) = &signature.variadic {
        let why = "cannot move variadic arguments into a region: \
                       write it on a function that takes them one by one";
        return Some((dots.dots.span(), why));
    }
    if let Some(attribute) = function.attribute("naked") {
        let why = "cannot stand on a naked function, whose body is one `naked_asm!` and nothing else: \
                   write it on the Rust function that calls this one";
        return Some((attribute.bracket_token.span.join(), why));
    }
    if let Some(attribute) = function.attribute("define_opaque") {
        let why = "cannot stand on a function with `define_opaque`, since the body would define the type from \
                   inside a closure: write it on the function that calls this one, or on one that returns \
                   `impl Trait`";
        return Some((attribute.bracket_token.span.join(), why));
    }
    None
}

/// Takes the next token if it is this identifier, which is no keyword everywhere.
fn word(input: ParseStream<'_>, text: &str) -> syn::Result<Option<Ident>> {
    match input.cursor().ident() {
        Some((ident, _)) if ident == text => input.parse().map(Some),
        _ => Ok(None),
    }
}

/// The body's braces, also out of the invisible brackets of a `$body:block`.
fn body(input: ParseStream<'_>) -> syn::Result<Group> {
    let mut tree: TokenTree = input.parse()?;
    loop {
        tree = match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return Ok(group),
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => syn::parse2(group.stream())?,
            other => {
                return Err(syn::Error::new(other.span(), "a function's body in braces is expected here"));
            }
        }
    }
}

/// The inner attributes of a body, and the body without them.
fn split(body: Group) -> syn::Result<(TokenStream, Group)> {
    let read = |input: ParseStream<'_>| {
        let inner = input.call(Attribute::parse_inner)?;
        Ok((inner, input.parse::<TokenStream>()?))
    };
    let (inner, rest) = read.parse2(body.stream())?;
    if inner.is_empty() {
        // Only the original group keeps the spans of both braces.
        return Ok((TokenStream::new(), body));
    }
    let inner = inner.iter().map(ToTokens::to_token_stream).collect();
    let mut without = Group::new(Delimiter::Brace, rest);
    without.set_span(body.span());
    Ok((inner, without))
}
