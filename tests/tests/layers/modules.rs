//! Which module of a crate names something of which other one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::imports::{imports, paths};
use crate::source::{module_of, read, rust_files, tokens};

/// The modules of one crate, by their paths, without the crate's root.
pub(crate) struct Modules(pub(crate) BTreeMap<Vec<String>, TokenStream>);

/// A module that names something of another.
pub(crate) type Edge = (Vec<String>, Vec<String>);

impl Modules {
    pub(crate) fn below(source: &Path) -> Self {
        let inside = |file: &PathBuf| file.strip_prefix(source).expect("a path below the folder").to_owned();
        let files = rust_files(source).into_iter().filter(|file| inside(file) != Path::new("lib.rs"));
        Self(files.map(|file| (module_of(&inside(&file)), tokens(&read(&file)))).collect())
    }

    /// Which module names something of which other one.
    pub(crate) fn edges(&self) -> BTreeSet<Edge> {
        let named = |from: &Vec<String>, source| {
            let imports = imports(from, source).into_iter();
            let homes =
                imports.filter(|import| !import.path.is_empty()).map(|import| self.home(&import.path));
            homes.map(|to| (from.clone(), to)).collect::<Vec<_>>()
        };
        let edges = self.0.iter().flat_map(|(from, source)| named(from, source));
        // Tests inside a module are part of it.
        edges.filter(|(from, to)| !to.starts_with(from)).collect()
    }

    /// The module that has what a path names: the last one on the path, or the one that it re-exports the name from.
    fn home(&self, path: &[String]) -> Vec<String> {
        let known = (1..=path.len()).rev().find(|&length| self.0.contains_key(&path[..length]));
        let Some(length) = known else { return path.to_vec() };
        let (module, rest) = path.split_at(length);
        let Some(name) = rest.first() else { return module.to_vec() };
        let source: Vec<TokenTree> = self.0[module].clone().into_iter().collect();
        let lines = source.split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';'));
        let mut exported = lines.flat_map(|line| {
            let import = line.iter().position(|tree| matches!(tree, TokenTree::Ident(word) if word == "use"));
            import.map_or_else(Vec::new, |at| match &line[at + 1..] {
                [TokenTree::Ident(child), rest @ ..] => {
                    paths(module, [module, &[child.to_string()]].concat(), rest)
                }
                _ => Vec::new(),
            })
        });
        let from = exported
            .find(|import| import.path.last() == Some(name) && self.0.contains_key(&import.path[..=length]));
        from.map_or_else(|| module.to_vec(), |import| import.path[..=length].to_vec())
    }
}

/// A module that reaches itself.
pub(crate) fn cycle(edges: &BTreeSet<Edge>) -> Option<Vec<String>> {
    let reaches = |start: &Vec<String>| {
        let mut open = vec![start];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            for (_, to) in edges.iter().filter(|(from, _)| from == at) {
                if to == start {
                    return true;
                }
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
        false
    };
    edges.iter().map(|(from, _)| from).find(|from| reaches(from)).cloned()
}
