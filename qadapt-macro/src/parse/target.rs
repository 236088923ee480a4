//! What the attribute stands on: a function with a body, or something that is told what to write instead.

use super::function;
use crate::model::{Attribute, Function, Refusal};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::Token;
use syn::buffer::Cursor;
use syn::parse::{ParseStream, Parser as _};

/// Reads the function that `attribute` stands on, or says why it cannot stand there.
pub(super) fn read(item: TokenStream, attribute: Attribute) -> Result<Function, Refusal> {
    let item = unwrapped(item);
    let misplaced = (|input: ParseStream<'_>| {
        let found = misplaced(input);
        input.parse::<TokenStream>()?;
        found
    })
    .parse2(item.clone())?;
    if let Some(other) = misplaced {
        return Err(other.refusal(attribute));
    }
    if let Some(keyword) = generator(&item) {
        return Err(Refusal::at(
            keyword,
            format_args!(
                "`{}` cannot stand on a `gen` function, whose body runs piece by piece where its items are taken: \
                 write it on the function that takes them",
                attribute.written()
            ),
        ));
    }
    let read = function::read.parse2(item)?;
    if let Some((span, why)) = function::obstacle(&read) {
        return Err(Refusal::at(span, format_args!("`{}` {why}", attribute.written())));
    }
    Ok(read)
}

/// Something that is no function.
#[derive(Debug)]
struct Other {
    span: Span,
    noun: &'static str,
    instead: &'static str,
    is_expression: bool,
}

impl Other {
    fn refusal(&self, attribute: Attribute) -> Refusal {
        let Self { span, noun, instead, is_expression } = *self;
        let written = attribute.written();
        let instead = instead.replace("{closure}", attribute.closure_form());
        let refusal = Refusal::at(
            span,
            format_args!("`{written}` stands on functions and methods, not on {noun}: {instead}"),
        );
        if is_expression { refusal.in_expression() } else { refusal }
    }
}

/// Keyword, what it starts, and what to write instead of an attribute there.
const OTHERS: [(&str, &str, &str); 14] = [
    ("struct", "a struct", "write it on the methods in its impl blocks"),
    ("enum", "an enum", "write it on the methods in its impl blocks"),
    ("union", "a union", "write it on the methods in its impl blocks"),
    ("trait", "a trait", "write it on the methods that have a body, here or in the impls"),
    ("impl", "an impl block", "write it on each method inside"),
    ("mod", "a module", "write it on each function inside"),
    ("static", "a static", "remove it, since a static's value is computed at compile time"),
    ("const", "a constant", "remove it, since a constant's value is computed at compile time"),
    ("type", "a type alias", "write it on a function"),
    ("use", "an import", "write it on the function itself"),
    ("extern", "an extern item", "write it on the Rust function that uses it"),
    ("macro_rules", "a macro", "write it on the functions that the macro defines"),
    ("macro", "a macro", "write it on the functions that the macro defines"),
    ("let", "a `let` statement", "wrap the value in `{closure}`"),
];

/// Says what stands here if that is no function; the input is left anywhere.
fn misplaced(input: ParseStream<'_>) -> syn::Result<Option<Other>> {
    input.call(syn::Attribute::parse_outer)?;
    input.parse::<syn::Visibility>()?;
    if starts_function(input.cursor()) {
        return Ok(None);
    }
    let start = input.span();
    let mut cursor = input.cursor();
    while let Some((word, rest)) = cursor.ident() {
        let text = word.to_string();
        // `const { .. }`, `static || ..` and a variable called `union` are expressions.
        let is_item = rest.ident().is_some() || !["const", "static", "union"].contains(&text.as_str());
        let known = OTHERS.iter().find(|(keyword, ..)| is_item && *keyword == text);
        if let Some(&(_, noun, instead)) = known {
            return Ok(Some(Other { span: word.span(), noun, instead, is_expression: false }));
        }
        if !["unsafe", "auto", "default"].contains(&text.as_str()) {
            break;
        }
        cursor = rest;
    }
    if is_macro_call(input) {
        let (noun, instead) = ("a macro call", "write it on the functions that the macro defines");
        return Ok(Some(Other { span: start, noun, instead, is_expression: false }));
    }
    let (noun, instead) = ("an expression", "wrap it in `{closure}`");
    Ok(Some(Other { span: start, noun, instead, is_expression: true }))
}

/// Whether only a function's qualifiers stand before the keyword `fn`.
fn starts_function(mut cursor: Cursor<'_>) -> bool {
    const QUALIFIERS: [&str; 7] = ["default", "const", "async", "gen", "unsafe", "safe", "extern"];
    while let Some((word, rest)) = cursor.ident() {
        if word == "fn" {
            return true;
        }
        if !QUALIFIERS.iter().any(|qualifier| word == qualifier) {
            return false;
        }
        cursor = match rest.literal() {
            Some((_abi, rest)) if word == "extern" => rest,
            _ => rest,
        };
    }
    false
}

/// The keyword of a `gen fn`, which the parser does not know.
fn generator(item: &TokenStream) -> Option<Span> {
    let qualifiers = |input: ParseStream<'_>| {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        let mut cursor = input.cursor();
        let mut found = None;
        while let Some((word, rest)) = cursor.ident().filter(|(word, _)| word != "fn") {
            found = found.or_else(|| (word == "gen").then(|| word.span()));
            cursor = rest;
        }
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    qualifiers.parse2(item.clone()).ok().flatten()
}

/// Whether a macro call stands here as an item or statement: `path!`.
fn is_macro_call(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(syn::Path::parse_mod_style).is_ok() && ahead.peek(Token![!]) && !ahead.peek(Token![!=])
}

/// The tokens without the invisible brackets that an `$item:item` of `macro_rules!` brings.
fn unwrapped(item: TokenStream) -> TokenStream {
    let mut trees = item.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if is_invisible(&group) => unwrapped(group.stream()),
        _ => item,
    }
}

fn is_invisible(group: &Group) -> bool {
    group.delimiter() == Delimiter::None
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::model::Attribute;
    use proc_macro2::TokenStream;

    fn refused(text: &str) -> Option<String> {
        let tokens: TokenStream = text.parse().expect("the test's text lexes");
        read(tokens, Attribute::NoAlloc).err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn functions_are_read() {
        for text in [
            "fn f() {}",
            "#[inline] pub(crate) fn f<T: Copy>(x: T) -> T where T: Send { x }",
            "async fn f() {}",
            "pub unsafe extern \"C\" fn f(x: i32) -> i32 { x }",
            "extern fn f() {}",
            "default fn f(&self) {}",
            "async unsafe fn f(self: Box<Self>) {}",
            "fn f() { #![allow(unused)] this need not be Rust }",
            "#[cfg_attr(naked, x)] #[a::naked] fn r#gen() {}",
            "fn gen() {}",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn everything_else_is_told_what_to_write() {
        for (text, noun) in [
            ("pub struct S;", "a struct: "),
            ("enum E {}", "an enum: "),
            ("union U { a: u8 }", "a union: "),
            ("trait T {}", "a trait: "),
            ("unsafe auto trait T {}", "a trait: "),
            ("impl S {}", "an impl block: write it on each method inside"),
            ("impl<T> S<T> {}", "an impl block: "),
            ("default unsafe impl T for S {}", "an impl block: "),
            ("mod m;", "a module: "),
            ("static S: u8 = 0;", "a static: "),
            ("static mut S: u8 = 0;", "a static: "),
            ("const C: u8 = 0;", "a constant: "),
            ("const _: u8 = 0;", "a constant: "),
            ("type T = u8;", "a type alias: "),
            ("use a::b;", "an import: "),
            ("extern crate a;", "an extern item: "),
            ("extern \"C\" { fn f(); }", "an extern item: "),
            ("unsafe extern { fn f(); }", "an extern item: "),
            ("macro_rules! m { () => {} }", "a macro: "),
            ("m! { x }", "a macro call: "),
            ("a::m!(x);", "a macro call: "),
            ("let x = 5;", "a `let` statement: wrap the value in `qadapt::assert_no_alloc(|| ..)`"),
            ("|| 5", "an expression: wrap it in `qadapt::assert_no_alloc(|| ..)`"),
            ("move |x| x", "an expression: "),
            ("async move { 5 }", "an expression: "),
            ("const { 5 }", "an expression: "),
            ("static || 5", "an expression: "),
            ("union + 1", "an expression: "),
            ("x != y", "an expression: "),
            ("f(x)", "an expression: "),
            ("{ 5 }", "an expression: "),
            ("unsafe { 5 }", "an expression: "),
        ] {
            let error = refused(text).unwrap_or_else(|| panic!("{text} was accepted"));
            assert!(error.starts_with("`#[no_alloc]` stands on functions and methods, not on "), "{error}");
            assert!(error.contains(noun), "{text}: {error}");
        }
    }

    #[test]
    fn functions_without_a_region_are_told_why() {
        for (text, why) in [
            ("const fn f() {}", "cannot open a region at compile time"),
            ("const unsafe extern \"C\" fn f() {}", "cannot open a region at compile time"),
            ("fn f(&self);", "needs a body"),
            ("pub safe fn f();", "needs a body"),
            ("unsafe extern \"C\" fn f(x: i32, ...) {}", "variadic"),
            ("gen fn f() -> u8 { yield 1; }", "a `gen` function"),
            ("#[x] pub(crate) async gen unsafe fn f() {}", "a `gen` function"),
            ("#[naked] extern \"C\" fn f() {}", "a naked function"),
            ("#[x] #[unsafe(naked)] extern \"C\" fn f() {}", "a naked function"),
            ("#[cfg_attr(naked, x, unsafe(naked))] extern \"C\" fn f() {}", "a naked function"),
            ("#[define_opaque(F, G)] fn f() -> F {}", "`define_opaque`"),
        ] {
            let error = refused(text).unwrap_or_else(|| panic!("{text} was accepted"));
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
