//! What asks for the platform.

use proc_macro2::{TokenStream, TokenTree};

/// True if an attribute or a macro tells platforms apart. Processors may be told apart anywhere: they have registers.
pub(crate) fn asks_for_platform(tokens: &TokenStream) -> bool {
    const PLATFORM: [&str; 6] =
        ["target_os", "target_family", "target_vendor", "target_env", "unix", "windows"];
    fn names(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(word) => PLATFORM.iter().any(|name| word == name),
            TokenTree::Group(group) => names(group.stream()),
            _ => false,
        })
    }
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match (tree, trees.get(at + 1), trees.get(at + 2)) {
        (TokenTree::Ident(word), Some(TokenTree::Group(group)), _) if word == "cfg" || word == "cfg_attr" => {
            names(group.stream())
        }
        (TokenTree::Ident(word), Some(TokenTree::Punct(_)), Some(TokenTree::Group(group)))
            if word == "cfg" =>
        {
            names(group.stream())
        }
        (TokenTree::Group(group), ..) => asks_for_platform(&group.stream()),
        _ => false,
    })
}
