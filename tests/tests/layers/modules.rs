//! Which module of a crate names something of which other one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Group, TokenStream, TokenTree};

use crate::imports::{imports, paths};
use crate::source::{module_of, read, rust_files, tokens};

/// The modules of one crate, by their paths. The root's is empty: it is `main.rs` or `lib.rs`.
pub(crate) struct Modules(pub(crate) BTreeMap<Vec<String>, TokenStream>);

/// A module that names something of another.
pub(crate) type Edge = (Vec<String>, Vec<String>);

impl Modules {
    /// The modules of the crate whose root lies in this folder, or has the folder's name and lies beside it. A folder with a
    /// root of its own is another crate.
    pub(crate) fn below(source: &Path) -> Self {
        let inside = |file: &PathBuf| file.strip_prefix(source).expect("a path below the folder").to_owned();
        let beside = Some(source.with_extension("rs")).filter(|root| root.exists());
        let is_here = |file: &PathBuf| {
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != source);
            folders.into_iter().all(|folder| !is_root(folder) && folder.file_name() != Some("bin".as_ref()))
        };
        let files = rust_files(source).into_iter().filter(is_here);
        let modules = files.map(|file| (module_of(&inside(&file)), tokens(&read(&file))));
        Self(modules.chain(beside.map(|root| (Vec::new(), tokens(&read(&root))))).collect())
    }

    /// Which module names something of which other one.
    pub(crate) fn edges(&self) -> BTreeSet<Edge> {
        let named = |(from, source): (&Vec<String>, &TokenStream)| {
            let own = without_exports(source);
            let paths = |source| imports(from, source).into_iter().map(|import| import.path);
            // What a module exports of those below it, it does not use.
            let others = paths(source).map(|path| self.home(&path)).filter(|to| !to.starts_with(from));
            let all = paths(&own).chain(self.children(from, &own)).map(|path| self.home(&path));
            others.chain(all).map(|to| (from.clone(), to)).collect::<Vec<_>>()
        };
        // Tests inside a module are part of it.
        self.0.iter().flat_map(named).filter(|(from, to)| to != from).collect()
    }

    /// What a module names of the modules below it, by paths that begin with their names.
    fn children(&self, module: &[String], source: &TokenStream) -> Vec<Vec<String>> {
        let trees: Vec<TokenTree> = source.clone().into_iter().collect();
        let is = |at: Option<usize>, wanted: char| {
            let tree = at.and_then(|at| trees.get(at));
            matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
        };
        let is_word = |at: Option<usize>, wanted: &str| {
            let tree = at.and_then(|at| trees.get(at));
            matches!(tree, Some(TokenTree::Ident(word)) if word == wanted)
        };
        let found = |(at, tree): (usize, &TokenTree)| match tree {
            TokenTree::Ident(word) if is(Some(at + 1), ':') && is(Some(at + 2), ':') => {
                let child = [module, &[word.to_string()]].concat();
                let begins = !is(at.checked_sub(1), ':') || is_word(at.checked_sub(3), "self");
                if !begins || !self.0.contains_key(&child) {
                    return Vec::new();
                }
                let imports = paths(module, child, &trees[at + 1..]).into_iter();
                imports.map(|import| import.path).collect()
            }
            TokenTree::Group(group) => self.children(module, &group.stream()),
            _ => Vec::new(),
        };
        trees.iter().enumerate().flat_map(found).collect()
    }

    /// The module that has what a path names: the last one on the path, or the one that it re-exports the name from.
    fn home(&self, path: &[String]) -> Vec<String> {
        let known = (0..=path.len()).rev().find(|&length| self.0.contains_key(&path[..length]));
        let Some(length) = known else { return path.to_vec() };
        let (module, rest) = path.split_at(length);
        let Some(name) = rest.first() else { return module.to_vec() };
        let source: Vec<TokenTree> = self.0[module].clone().into_iter().collect();
        let mut exported = source.split(is_semicolon).flat_map(|line| {
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

/// The folders below this one that hold the modules of a crate.
pub(crate) fn roots(folder: &Path) -> BTreeSet<PathBuf> {
    let folders = rust_files(folder).into_iter().filter_map(|file| file.parent().map(Path::to_owned));
    folders.filter(|folder| is_root(folder)).collect()
}

/// True for a folder with a crate's root in it, or for that of a test whose root lies beside it.
fn is_root(folder: &Path) -> bool {
    let is_test = folder.parent().is_some_and(|parent| parent.ends_with("tests"));
    ["lib.rs", "main.rs"].iter().any(|root| folder.join(root).exists())
        || is_test && folder.with_extension("rs").exists()
}

/// A module's tokens but for what it exports of others.
fn without_exports(tokens: &TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        match &trees[at..] {
            [TokenTree::Ident(public), TokenTree::Ident(word), ..]
            | [TokenTree::Ident(public), TokenTree::Group(_), TokenTree::Ident(word), ..]
                if public == "pub" && word == "use" =>
            {
                at += trees[at..].iter().position(is_semicolon).unwrap_or(0);
            }
            [TokenTree::Group(group), ..] => {
                kept.push(Group::new(group.delimiter(), without_exports(&group.stream())).into());
            }
            _ => kept.push(tree.clone()),
        }
        at += 1;
    }
    kept.into_iter().collect()
}

fn is_semicolon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

/// The imports that lie on a way from a module back to it.
pub(crate) fn circles(edges: &BTreeSet<Edge>) -> Vec<String> {
    let reaches = |start: &Vec<String>, end: &Vec<String>| {
        let mut open = vec![start];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if at == end {
                return true;
            }
            for (_, to) in edges.iter().filter(|(from, _)| from == at) {
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
        false
    };
    let name = |path: &[String]| [&["crate".to_owned()], path].concat().join("::");
    let on_one = edges.iter().filter(|(from, to)| reaches(to, from));
    on_one.map(|(from, to)| format!("{} imports {}", name(from), name(to))).collect()
}
