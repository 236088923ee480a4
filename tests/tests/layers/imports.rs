//! What a module's tokens name of its own crate, and whether its layer may.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// From the bottom up: a layer may import itself and the ones before it.
const LAYERS: [&str; 5] = ["model", "sys", "hot", "report", "region"];

/// Modules outside the layers, which everybody may import and which import nothing here.
const SHARED: [&str; 1] = ["checks"];

/// A path inside the crate that a module names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The module that names it.
    pub(crate) from: Vec<String>,
    /// What it names, from the crate's root.
    pub(crate) path: Vec<String>,
}

impl Import {
    /// Why the import is not allowed, if it is not.
    pub(crate) fn fault(&self) -> Option<String> {
        let Self { from, path } = self;
        let says = |what: &str| Some(format!("{} names crate::{}: {what}", from.join("::"), path.join("::")));
        let among = |names: &[&str], path: &[String]| {
            names.iter().position(|&name| path.first().is_some_and(|p| p == name))
        };
        let layer = |path: &[String]| among(&LAYERS, path);
        let shared = |path: &[String]| among(&SHARED, path).is_some();
        let is_top = layer(from) == LAYERS.len().checked_sub(1);
        if shared(path) || is_top {
            return None;
        }
        // The crate's root has the names of every layer. Macros for users name things through it, and are at the top.
        let Some(to) = layer(path) else { return says("write the path through its layer") };
        if shared(from) {
            return says("what every layer imports may import none");
        }
        match layer(from) {
            Some(from) if from >= to => None,
            Some(_) => says("the import runs up the layers"),
            None => says("this module is in no layer"),
        }
    }
}

/// The paths inside the crate that a module's tokens name, in `use` lines and elsewhere: those that begin with `crate`
/// or `super`. A path through `self` stays in its module.
pub(crate) fn imports(module: &[String], tokens: &TokenStream) -> Vec<Import> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        match tree {
            // An inline module is one level further down.
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (trees.get(at + 1), trees.get(at + 2))
                {
                    let inner = [module, &[name.to_string()]].concat();
                    found.extend(imports(&inner, &body.stream()));
                    at += 2;
                }
            }
            TokenTree::Ident(word) if word == "crate" && !is_restriction(&trees, at) => {
                found.extend(paths(module, Vec::new(), &trees[at + 1..]));
            }
            TokenTree::Ident(word)
                if word == "super" && !follows_colons(&trees, at) && !is_restriction(&trees, at) =>
            {
                let parent = module.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec());
                found.extend(paths(module, parent, &trees[at + 1..]));
            }
            TokenTree::Group(group) => found.extend(imports(module, &group.stream())),
            _ => {}
        }
        at += 1;
    }
    found
}

/// True for the `crate` of `pub(crate)` and the like: it is alone in its parentheses.
fn is_restriction(trees: &[TokenTree], at: usize) -> bool {
    at == 0 && trees.len() == 1
}

fn follows_colons(trees: &[TokenTree], at: usize) -> bool {
    at > 0 && matches!(&trees[at - 1], TokenTree::Punct(punct) if punct.as_char() == ':')
}

/// Reads what follows a path's first words: `::name`, `::{..}`, `::super` or nothing.
pub(crate) fn paths(from: &[String], so_far: Vec<String>, rest: &[TokenTree]) -> Vec<Import> {
    let end = |path| vec![Import { from: from.to_vec(), path }];
    let [TokenTree::Punct(first), TokenTree::Punct(second), next, ..] = rest else { return end(so_far) };
    if (first.as_char(), second.as_char()) != (':', ':') {
        return end(so_far);
    }
    match next {
        TokenTree::Ident(word) if word == "super" => {
            let parent = so_far.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec());
            paths(from, parent, &rest[3..])
        }
        TokenTree::Ident(word) => paths(from, [so_far, vec![word.to_string()]].concat(), &rest[3..]),
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => branches(from, &so_far, group),
        // A glob names all that is there; generic arguments are found by themselves.
        _ => end(so_far),
    }
}

/// The paths of a `use` line's braces.
fn branches(from: &[String], so_far: &[String], group: &Group) -> Vec<Import> {
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    let branches = trees.split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ','));
    let read = |branch: &[TokenTree]| match branch {
        [TokenTree::Ident(word), rest @ ..] if word == "self" => paths(from, so_far.to_vec(), rest),
        [TokenTree::Ident(word), rest @ ..] => paths(from, [so_far, &[word.to_string()]].concat(), rest),
        [] => Vec::new(),
        _ => paths(from, so_far.to_vec(), &[]),
    };
    branches.flat_map(read).collect()
}
