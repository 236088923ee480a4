//! Reads the sources of the guard and fails on an import that runs up the layers, and on what the hot path must not
//! use. Nothing else keeps the layers apart: they are folders of one crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// From the bottom up: a layer may import itself and the ones before it.
const LAYERS: [&str; 5] = ["model", "sys", "hot", "report", "region"];

/// Modules outside the layers, which everybody may import and which import nothing here.
const SHARED: [&str; 1] = ["checks"];

/// Macros that allocate, format or panic. What only a debug build checks is a panic too.
const FORBIDDEN_MACROS: [&str; 20] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Methods that panic, allocate or block.
const FORBIDDEN_METHODS: [&str; 11] = [
    "unwrap",
    "expect",
    "unwrap_err",
    "expect_err",
    "to_owned",
    "to_string",
    "to_vec",
    "collect",
    "lock",
    "borrow",
    "borrow_mut",
];

/// Types and modules that allocate, block, format or panic.
const FORBIDDEN_NAMES: [&str; 24] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Condvar",
    "HashMap",
    "HashSet",
    "Lazy",
    "LazyLock",
    "LinkedList",
    "Lock",
    "Mutex",
    "OnceLock",
    "Rc",
    "RefCell",
    "RwLock",
    "String",
    "Vec",
    "VecDeque",
    "fmt",
    "fs",
    "io",
    "panic_any",
];

#[test]
fn imports_run_down_the_layers() {
    let source = repository().join("qadapt/src");
    let mut seen = 0;
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let inside = file.strip_prefix(&source).expect("a path below the source folder");
        // The crate's root puts the layers together.
        if inside == Path::new("lib.rs") {
            continue;
        }
        let imports = imports(&module_of(inside), &tokens(&read(&file)));
        seen += imports.len();
        faults.extend(
            imports.iter().filter_map(Import::fault).map(|fault| format!("{}: {fault}", inside.display())),
        );
    }
    assert!(seen > 50, "only {seen} imports were found: is this the right folder? {}", source.display());
    assert!(faults.is_empty(), "imports that run up the layers:\n{}", faults.join("\n"));
}

#[test]
fn the_hot_path_uses_nothing_that_allocates_formats_panics_or_blocks() {
    let source = repository().join("qadapt/src");
    let files = ["hot", "sys"].map(|layer| rust_files(&source.join(layer))).concat();
    assert!(files.len() > 40, "only {} files: is this the right folder? {}", files.len(), source.display());
    let faults: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let faults = forbidden(&tokens(&read(file)));
            faults.into_iter().map(move |fault| format!("{}: {fault}", file.display()))
        })
        .collect();
    assert!(faults.is_empty(), "not for the hot path:\n{}", faults.join("\n"));
}

#[test]
fn only_the_folder_of_the_system_asks_for_the_platform() {
    let source = repository().join("qadapt/src");
    let asking: Vec<_> =
        rust_files(&source).into_iter().filter(|file| asks_for_platform(&tokens(&read(file)))).collect();
    let (inside, outside): (Vec<_>, Vec<_>) =
        asking.into_iter().partition(|file| file.starts_with(source.join("sys")));
    assert!(inside.len() > 2, "only {inside:?} do: is this the right folder? {}", source.display());
    assert!(outside.is_empty(), "these ask for the platform, which is for `sys` to do: {outside:?}");
}

#[test]
fn the_lower_crates_do_not_know_the_guard() {
    for (name, forbidden) in [("qadapt-spin", &["qadapt"][..]), ("qadapt-macro", &["qadapt", "qadapt-spin"])]
    {
        let manifest = repository().join(name).join("Cargo.toml");
        let found = dependencies(&read(&manifest));
        assert!(!found.is_empty(), "{}: no dependencies were read", manifest.display());
        for dependency in forbidden {
            assert!(!found.iter().any(|found| found == dependency), "{name} depends on {dependency}");
        }
    }
}

/// The layers of the attributes' crate, each with those that it may import: tokens become the model in `parse`, and the
/// model becomes tokens in `expand`, so that these two do not know each other.
const MACRO_LAYERS: [(&str, &[&str]); 4] = [
    ("model", &["model"]),
    ("parse", &["parse", "model"]),
    ("expand", &["expand", "model"]),
    ("road", &["parse", "model", "expand"]),
];

#[test]
fn the_attributes_import_one_way() {
    let modules = Modules::below(&repository().join("qadapt-macro/src"));
    let edges = modules.edges();
    assert!(edges.len() > 20, "only {edges:?} were found: is this the right folder?");
    let faults: Vec<_> = edges.iter().filter(|(from, to)| !is_allowed(&MACRO_LAYERS, from, to)).collect();
    assert!(faults.is_empty(), "imports that no layer allows: {faults:?}");
    assert_eq!(cycle(&edges), None);
}

#[test]
fn no_two_files_import_each_other() {
    for (name, least) in [
        ("cargo-qadapt", 200),
        ("qadapt-prove", 100),
        ("qadapt-advice", 70),
        ("qadapt-code", 1),
        ("qadapt-pool", 20),
        ("qadapt-spin", 5),
        ("qadapt-trace", 40),
    ] {
        let edges = Modules::below(&repository().join(name).join("src")).edges();
        assert!(edges.len() > least, "only {edges:?} were found: is this the right folder?");
        assert_eq!(cycle(&edges), None, "{name}");
    }
}

fn is_allowed(layers: &[(&str, &[&str])], from: &[String], to: &[String]) -> bool {
    let layer = layers.iter().find(|(layer, _)| from.first().is_some_and(|from| from == layer));
    layer.is_some_and(|(_, allowed)| allowed.iter().any(|layer| to.first().is_some_and(|to| to == layer)))
}

/// The modules of one crate, by their paths, without the crate's root.
struct Modules(BTreeMap<Vec<String>, TokenStream>);

/// A module that names something of another.
type Edge = (Vec<String>, Vec<String>);

impl Modules {
    fn below(source: &Path) -> Self {
        let inside = |file: &PathBuf| file.strip_prefix(source).expect("a path below the folder").to_owned();
        let files = rust_files(source).into_iter().filter(|file| inside(file) != Path::new("lib.rs"));
        Self(files.map(|file| (module_of(&inside(&file)), tokens(&read(&file)))).collect())
    }

    /// Which module names something of which other one.
    fn edges(&self) -> BTreeSet<Edge> {
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
fn cycle(edges: &BTreeSet<Edge>) -> Option<Vec<String>> {
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

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))
}

/// All Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The module that a file below the source folder holds: `hot/event.rs` is `hot::event`.
fn module_of(file: &Path) -> Vec<String> {
    let names = file.with_extension("");
    let names = names.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

/// What a manifest lists as dependencies, but for those of tests and examples.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies") && !line.contains("dev-dependencies");
        } else if inside && let Some((name, _)) = line.split_once(['=', '.']) {
            found.push(name.trim().to_owned());
        }
    }
    found
}

/// A path inside the crate that a module names.
#[derive(Debug, PartialEq, Eq)]
struct Import {
    /// The module that names it.
    from: Vec<String>,
    /// What it names, from the crate's root.
    path: Vec<String>,
}

impl Import {
    /// Why the import is not allowed, if it is not.
    fn fault(&self) -> Option<String> {
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
fn imports(module: &[String], tokens: &TokenStream) -> Vec<Import> {
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
fn paths(from: &[String], so_far: Vec<String>, rest: &[TokenTree]) -> Vec<Import> {
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

/// What the hot path must not use and these tokens do; tests may.
fn forbidden(tokens: &TokenStream) -> Vec<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        if is_test_attribute(&trees[at..]) {
            at += length_of_item(&trees[at..]);
            continue;
        }
        let is = |at: Option<usize>, wanted| {
            let tree = at.and_then(|at| trees.get(at));
            matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
        };
        let before = |wanted| is(at.checked_sub(1), wanted);
        match tree {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                if is(Some(at + 1), '!') && FORBIDDEN_MACROS.contains(&word.as_str()) {
                    found.push(format!("{word}!"));
                } else if before('.') && FORBIDDEN_METHODS.contains(&word.as_str()) {
                    found.push(format!(".{word}()"));
                } else if !before('.') && FORBIDDEN_NAMES.contains(&word.as_str()) {
                    found.push(word);
                }
            }
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Bracket && is_value(&trees[..at]) {
                    found.push(format!("an index, [{}]", group.stream()));
                }
                // An attribute's reason is no code.
                if !before('#') {
                    found.extend(forbidden(&group.stream()));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// True if the tokens end in what can be indexed: a name, or something in brackets.
fn is_value(before: &[TokenTree]) -> bool {
    const KEYWORDS: [&str; 12] =
        ["as", "break", "const", "dyn", "else", "for", "in", "let", "match", "mut", "return", "static"];
    match before {
        [.., TokenTree::Punct(quote), TokenTree::Ident(_)] if quote.as_char() == '\'' => false,
        [.., TokenTree::Ident(word)] => !KEYWORDS.iter().any(|keyword| word == keyword),
        [.., TokenTree::Punct(hash), TokenTree::Group(_)] if hash.as_char() == '#' => false,
        [.., TokenTree::Group(group)] => group.delimiter() != Delimiter::Brace,
        _ => false,
    }
}

/// True if an attribute or a macro tells platforms apart. Processors may be told apart anywhere: they have registers.
fn asks_for_platform(tokens: &TokenStream) -> bool {
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

/// True before `#[cfg(test)]`.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = trees else { return false };
    hash.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// How many tokens an item has, to its body's or its own end.
fn length_of_item(trees: &[TokenTree]) -> usize {
    let is_end = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    trees.iter().position(is_end).map_or(trees.len(), |last| last + 1)
}

/// The checker itself is checked: what it cannot see it would let pass for ever.
mod checker {
    use super::*;

    fn faults(file: &str, source: &str) -> Vec<String> {
        imports(&module_of(Path::new(file)), &tokens(source)).iter().filter_map(Import::fault).collect()
    }

    #[test]
    fn imports_up_the_layers_are_seen() {
        for (file, source) in [
            ("hot/event.rs", "use crate::region::edge;"),
            ("hot/event.rs", "use crate::report::closing;"),
            ("model/op.rs", "use crate::hot::word;"),
            ("model/op.rs", "use crate::sys;"),
            ("sys/linux.rs", "use crate::hot::announce;"),
            ("report/mod.rs", "pub(crate) use crate::region::edge::Due as D;"),
            ("report/trace.rs", "use crate::{hot::capture, region};"),
            ("report/trace.rs", "use crate::{hot::{capture, word}, region::*};"),
            ("hot/event.rs", "use super::super::report::live;"),
            ("hot/mod.rs", "use super::report;"),
            ("hot/event.rs", "fn f() { crate::report::live::is_active(); }"),
            ("hot/event.rs", "fn f() -> Option<crate::region::Due> { None }"),
            ("hot/event.rs", "macro_rules! m { () => { $crate::report::f() }; }"),
            ("hot/event.rs", "mod inner { use super::super::super::region::edge; }"),
            ("hot/event.rs", "mod tests { fn f() { g(crate::report::h) } }"),
            // The crate's root has the names of every layer.
            ("hot/event.rs", "use crate::set_violation_hook;"),
            ("hot/event.rs", "use crate::*;"),
            ("hot/event.rs", "use crate as all;"),
            ("hot/event.rs", "use crate::{self as all};"),
            ("hot/event.rs", "use super::super::*;"),
            ("checks.rs", "use crate::model::Mode;"),
            ("other.rs", "use crate::model::Mode;"),
        ] {
            assert_eq!(faults(file, source).len(), 1, "{file}: {source}: {:?}", faults(file, source));
        }
    }

    #[test]
    fn other_imports_pass() {
        for (file, source) in [
            ("region/edge.rs", "use crate::hot::{self, frame::{Room, pop}}; use crate::report::closing;"),
            ("region/edge.rs", "use super::permit; use crate::{checks, model::Place};"),
            ("report/mod.rs", "use super::hot::word; pub(crate) mod live; pub(in crate::report) fn f() {}"),
            (
                "hot/event.rs",
                "//! See [`crate::region`].\n/// And [`crate::report::live`].\npub(super) fn f() {}",
            ),
            ("hot/event.rs", "mod tests { use super::*; use super::super::word; }"),
            ("region/count.rs", "macro_rules! count { () => { $crate::__private::count() }; }"),
            ("hot/event.rs", "const TEXT: &str = \"use crate::region;\"; // use crate::region;"),
            ("hot/allocator.rs", "use std::alloc::System; use crate::checks; use self::word::get;"),
        ] {
            assert_eq!(faults(file, source), Vec::<String>::new(), "{file}: {source}");
        }
    }

    #[test]
    fn modules_that_know_each_other_are_seen() {
        let modules = |sources: &[(&str, &str)]| {
            Modules(sources.iter().map(|(file, text)| (module_of(Path::new(file)), tokens(text))).collect())
        };
        let circle = modules(&[
            ("model/mod.rs", "mod a; mod b; pub(crate) use a::A; pub(crate) use b::{B, C};"),
            ("model/a.rs", "use super::{C, A};"),
            ("model/b.rs", "use crate::model::A; mod tests { use super::B; }"),
        ]);
        let names = |path: &[&str]| path.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let (a, b) = (names(&["model", "a"]), names(&["model", "b"]));
        assert_eq!(circle.edges(), BTreeSet::from([(a.clone(), b.clone()), (b, a.clone())]));
        assert_eq!(cycle(&circle.edges()), Some(a));

        let up = modules(&[
            ("model/mod.rs", "pub(crate) fn f() { crate::parse::x() }"),
            ("parse/mod.rs", "mod x; pub(crate) use x::x; use crate::model::f;"),
            ("parse/x.rs", "use crate::expand::{self, item};"),
            ("expand/mod.rs", ""),
        ]);
        let edges = up.edges();
        let faults = edges.iter().filter(|(from, to)| !is_allowed(&MACRO_LAYERS, from, to));
        let faults: Vec<_> = faults.map(|(from, to)| (from.join("::"), to.join("::"))).collect();
        assert_eq!(faults, [("model".into(), "parse::x".into()), ("parse::x".into(), "expand".into())]);
    }

    #[test]
    fn paths_are_read_from_the_root() {
        let found =
            imports(&module_of(Path::new("hot/event.rs")), &tokens("use super::{frame, word::{self, get}};"));
        let found: Vec<String> = found.iter().map(|import| import.path.join("::")).collect();
        assert_eq!(found, ["hot::frame", "hot::word", "hot::word::get"]);
    }

    #[test]
    fn what_the_hot_path_must_not_use_is_seen() {
        for (source, fault) in [
            ("fn f() { let _ = format!(\"{}\", 1); }", "format!"),
            ("fn f() { println!(); }", "println!"),
            ("fn f(x: Option<u8>) -> u8 { x.unwrap() }", ".unwrap()"),
            ("fn f(x: Option<u8>) -> u8 { x.expect(\"x\") }", ".expect()"),
            ("fn f() { panic!() }", "panic!"),
            ("fn f() { debug_assert!(true) }", "debug_assert!"),
            ("fn f() { g(vec![1]) }", "vec!"),
            ("fn f() { drop(Box::new(1)) }", "Box"),
            ("fn f(x: String) {}", "String"),
            ("use std::sync::Mutex;", "Mutex"),
            ("fn f(x: [u8; 2], i: usize) -> u8 { x[i] }", "an index, [i]"),
            ("fn f() -> u8 { g()[0] }", "an index, [0]"),
            ("fn f() { LOCK.lock(); }", ".lock()"),
            ("#[cfg(test)] mod tests {} fn f() { panic!() }", "panic!"),
            ("#[cfg(test)] use x::y; fn f() { panic!() }", "panic!"),
        ] {
            assert_eq!(forbidden(&tokens(source)), [fault], "{source}");
        }
    }

    #[test]
    fn what_the_hot_path_may_use_passes() {
        for source in [
            "#[expect(unsafe_code, reason = \"no panic! here\")] fn f(x: &'a [u8]) -> &'static [u8] { &[] }",
            "fn f(x: Option<u8>) -> u8 { x.unwrap_or(0) } // .unwrap()",
            "static X: [Cell<u8>; 2] = [const { Cell::new(0) }; 2]; fn f() { for x in [1, 2] {} let [a, b] = x; }",
            "#[cfg(test)] mod tests { fn f() { x.unwrap(); vec![1][0]; } }",
            "fn f(x: &mut [u8]) { if true {} [1].len(); LOCK.try_lock(); }",
        ] {
            assert_eq!(forbidden(&tokens(source)), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn what_asks_for_the_platform_is_seen() {
        for source in [
            "#[cfg(target_os = \"linux\")] fn f() {}",
            "#[cfg(all(not(miri), any(unix, loom)))] fn f() {}",
            "mod x { fn f() { #[cfg(windows)] g(); } }",
            "#[cfg_attr(target_vendor = \"apple\", path = \"x.rs\")] mod x;",
            "fn f() -> bool { cfg!(target_env = \"musl\") }",
        ] {
            assert!(asks_for_platform(&tokens(source)), "{source}");
        }
        for source in [
            "#[cfg(target_arch = \"x86_64\")] fn f() {}",
            "#[cfg(any(miri, qadapt_elf, target_pointer_width = \"32\"))] fn f(windows: &[u8]) { x.windows(2) }",
            "use std::os::unix::ffi::OsStrExt; // #[cfg(unix)]",
        ] {
            assert!(!asks_for_platform(&tokens(source)), "{source}");
        }
    }

    #[test]
    fn dependencies_are_read() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\
                        [target.'cfg(loom)'.dependencies]\nc = { path = \"c\" }\n[build-dependencies]\nd = \"1\"\n\
                        [dev-dependencies]\ne = \"1\"\n[lints]\nworkspace = true\n";
        assert_eq!(dependencies(manifest), ["a", "b", "c", "d"]);
    }
}
