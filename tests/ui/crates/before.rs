//! An attribute that has a function begin with what it is given.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Writes `let _ = ..;` in front of the body.
#[proc_macro_attribute]
pub fn before(what: TokenStream, function: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = function.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.pop() {
        let text = |text: &str| text.parse::<TokenStream>().unwrap_or_default();
        let inside = [text("let _ ="), what, text(";"), body.stream()].into_iter().collect();
        tokens.push(Group::new(Delimiter::Brace, inside).into());
    }
    tokens.into_iter().collect()
}
