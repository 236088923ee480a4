//! Regions of the source that are closures or guards, which leave no record in the file.
//!
//! A function cannot leave one for each of its calls. What the build leaves beside an executable is a list of its sources,
//! `NAME.d`, and in these the calls can be read that open regions.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use proc_macro2::Span;
use syn::Token;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::marks::Record;
use super::names::is_guard;
use super::place::Place;
use crate::report::items::Items;
use crate::report::origin::module;

/// The regions that calls open in the sources of an executable; none where no list of these lies beside it.
#[must_use]
pub fn opened(executable: &Path) -> Vec<Record> {
    let Ok(list) = std::fs::read_to_string(executable.with_extension("d")) else { return Vec::new() };
    let built = modified(executable);
    // What was edited since has other lines.
    let sources = listed(&list).into_iter().filter(|path| modified(path) <= built);
    sources.flat_map(|path| regions_of(&path)).collect()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// The sources in Rust in a list as cargo writes it: `executable: source source`, with `\ ` for a space in a name.
fn listed(list: &str) -> Vec<PathBuf> {
    let Some((_, sources)) = list.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let mut paths = vec![String::new()];
    let mut characters = sources.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => paths.last_mut().expect("there is one").extend(characters.next()),
            ' ' => paths.push(String::new()),
            c => paths.last_mut().expect("there is one").push(c),
        }
    }
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    paths.into_iter().filter(|path| !is_guard(path)).map(PathBuf::from).filter(is_source).collect()
}

fn regions_of(path: &Path) -> Vec<Record> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let Ok(file) = syn::parse_file(&text) else { return Vec::new() };
    let mut calls = Calls::default();
    calls.visit_file(&file);
    if calls.0.is_empty() {
        return Vec::new();
    }
    let items = Items::read(path);
    let file = path.to_string_lossy().into_owned();
    let module = module(&package(path).unwrap_or_default(), &file);
    let record = |(span, is_closure): (Span, bool)| {
        let start = span.start();
        let (line, column) = (u32::try_from(start.line).ok()?, u32::try_from(start.column).ok()? + 1);
        let function = items.at(line, column)?;
        let what = if is_closure { "::{closure}" } else { " (until it is closed)" };
        let at = Place { file: file.clone(), line, column };
        Some(Record { name: format!("{module}::{function}{what}"), at, required: false })
    };
    calls.0.into_iter().filter_map(record).collect()
}

/// The name of the package that a source file lies in.
fn package(source: &Path) -> Option<String> {
    let manifests = source.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    let text = manifests.into_iter().find_map(|manifest| std::fs::read_to_string(manifest).ok())?;
    let manifest: toml::Table = text.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// Where regions are opened by calls, and whether by one with a closure.
#[derive(Default)]
struct Calls(Vec<(Span, bool)>);

/// Code that only tests have.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        let is_test = attribute.path().segments.last().is_some_and(|segment| segment.ident == "test");
        is_test || is_cfg && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Whether a value is a policy as far as its words tell: `Policy::new()`, with whatever is called on that.
fn is_policy(value: &syn::Expr) -> bool {
    match value {
        syn::Expr::MethodCall(call) => is_policy(&call.receiver),
        syn::Expr::Call(call) => match &*call.func {
            syn::Expr::Path(path) => {
                let segments: Vec<_> = path.path.segments.iter().map(|segment| &segment.ident).collect();
                matches!(segments[..], [.., policy, new] if policy == "Policy" && new == "new")
            }
            _ => false,
        },
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    /// What most macros are given is a list of expressions.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Ok(list) = call.parse_body_with(Punctuated::<syn::Expr, Token![,]>::parse_terminated) {
            // The list lives no longer than this.
            let mut inside = Calls::default();
            list.iter().for_each(|expression| inside.visit_expr(expression));
            self.0.append(&mut inside.0);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            if last.ident == "assert_no_alloc" {
                self.0.push((call.span(), true));
            } else if last.ident == "enter_protected" {
                self.0.push((call.span(), false));
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "run" && is_policy(&call.receiver) {
            self.0.push((call.method.span(), true));
        } else if call.method == "enter" && is_policy(&call.receiver) {
            self.0.push((call.method.span(), false));
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_listed_with_their_spaces() {
        let list = "/t/release/app: /w/a\\ b/src/main.rs /w/build.toml /w/src/lib.rs /u/qadapt/src/region/plain.rs\n";
        assert_eq!(listed(list), [Path::new("/w/a b/src/main.rs"), Path::new("/w/src/lib.rs")]);
        assert!(listed("").is_empty() && listed("no list").is_empty());
    }

    #[test]
    fn calls_that_open_regions_are_found() {
        let source = "\
fn f() {
    qadapt::assert_no_alloc(|| assert_no_alloc(|| 1));
    enter_protected();
    let _guard = Policy::new().name(\"a\").enter();
    qadapt::Policy::new()
        .forbid()
        .run(|| 2);
    self.run(|| 3);
    other.enter();
    println!(\"{}\", assert_no_alloc(|| 4));
}
#[cfg(test)]
mod tests {
    fn g() {
        assert_no_alloc(|| 4);
    }
}
#[test]
fn h() {
    assert_no_alloc(|| 5);
}
";
        let mut calls = Calls::default();
        calls.visit_file(&syn::parse_file(source).expect("it is Rust"));
        let found: Vec<_> = calls.0.iter().map(|(span, closure)| (span.start().line, *closure)).collect();
        assert_eq!(found, [(2, true), (2, true), (3, false), (4, false), (7, true), (10, true)]);
    }
}
