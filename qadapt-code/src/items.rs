//! The functions of a source file, by the lines that they take.

use std::path::Path;

use proc_macro2::LineColumn;
use sha2::{Digest, Sha256};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The functions of a file.
#[derive(Debug, Default)]
pub struct Items {
    /// In the order of the source; an inner one comes after the one that it is in.
    functions: Vec<Function>,
    /// The modules, types and functions round the place that is being read.
    path: Vec<String>,
    /// The SHA-256 of what was read.
    digest: [u8; 32],
}

/// What a file has to be read; nothing if it cannot be.
fn text(path: &Path) -> String {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// The SHA-256 of what [`Items::read`] would read now.
#[must_use]
pub fn digest_of(path: &Path) -> [u8; 32] {
    digest(&text(path))
}

#[derive(Debug)]
struct Function {
    start: LineColumn,
    end: LineColumn,
    path: String,
    tracks_caller: bool,
}

impl Items {
    /// Reads a file; one that cannot be read or is no Rust has no functions.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = text(path);
        Self { digest: digest(&text), ..Self::parse(&text) }
    }

    /// The SHA-256 of the text of the file that was read.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    fn parse(text: &str) -> Self {
        syn::parse_file(text).map_or_else(|_| Self::default(), |file| Self::of(&file))
    }

    /// The functions of a file that has been read.
    #[must_use]
    pub fn of(file: &syn::File) -> Self {
        let mut items = Self::default();
        items.visit_file(file);
        items
    }

    /// The innermost function round a place: line and column from 1, column 0 where only the line is known.
    #[must_use]
    pub fn at(&self, line: u32, column: u32) -> Option<&str> {
        self.innermost(line, column).map(|function| function.path.as_str())
    }

    fn innermost(&self, line: u32, column: u32) -> Option<&Function> {
        let line = usize::try_from(line).ok()?;
        let is_round =
            |function: &&Function| match usize::try_from(column).ok().and_then(|c| c.checked_sub(1)) {
                Some(column) => (function.start..=function.end).contains(&LineColumn { line, column }),
                None => (function.start.line..=function.end.line).contains(&line),
            };
        self.functions.iter().rev().find(is_round)
    }

    /// True if the innermost function round a line has `#[track_caller]`.
    #[must_use]
    pub fn tracks_caller(&self, line: u32) -> bool {
        self.innermost(line, 0).is_some_and(|function| function.tracks_caller)
    }

    fn function(
        &mut self,
        name: &syn::Ident,
        attributes: &[syn::Attribute],
        item: &impl Spanned,
        visit: impl FnOnce(&mut Self),
    ) {
        let span = item.span();
        self.within(name.to_string(), |items| {
            items.functions.push(Function {
                start: span.start(),
                end: span.end(),
                path: items.path.join("::"),
                tracks_caller: attributes.iter().any(|attribute| attribute.path().is_ident("track_caller")),
            });
            visit(items);
        });
    }

    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.path.push(name);
        visit(self);
        self.path.pop();
    }
}

impl<'ast> Visit<'ast> for Items {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, &item.attrs, item, |items| visit::visit_item_fn(items, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, &item.attrs, item, |items| visit::visit_impl_item_fn(items, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig.ident, &item.attrs, item, |items| visit::visit_trait_item_fn(items, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within(item.ident.to_string(), |items| visit::visit_item_mod(items, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.within(item.ident.to_string(), |items| visit::visit_item_trait(items, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // The type's last word: generics and paths are noise here, and other impls have other functions.
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        self.within(name.unwrap_or_else(|| "impl".to_owned()), |items| visit::visit_item_impl(items, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
fn one() { two(); }
mod inner {
    #[cold]
    fn two() {
        fn three() {}
        three();
    }
}
impl<T> crate::List<T> {
    fn push(&mut self) {
        let _ = || 1;
    }
}
trait Shape { fn area(&self) -> f32 { 0.0 } }
static S: u8 = 1; fn last() {}
";

    #[test]
    fn places_are_in_the_innermost_function() {
        let items = Items::parse(SOURCE);
        for (line, column, expected) in [
            (1, 12, Some("one")),
            (2, 1, None),
            (3, 0, Some("inner::two")),
            (5, 0, Some("inner::two::three")),
            (6, 9, Some("inner::two")),
            (11, 17, Some("List::push")),
            (13, 0, None),
            (14, 0, Some("Shape::area")),
            (15, 1, None),
            (15, 20, Some("last")),
            (99, 0, None),
        ] {
            assert_eq!(items.at(line, column), expected, "{line}:{column}");
        }
    }

    #[test]
    fn functions_that_track_their_caller_are_known() {
        let items = Items::parse(
            "#[track_caller]\nfn push() {\n    let _ = || 1;\n}\nfn run() {\n    #[cold]\n    fn inner() {}\n}\n",
        );
        assert!([2, 3, 4].into_iter().all(|line| items.tracks_caller(line)));
        assert!(![5, 6, 7, 99].into_iter().any(|line| items.tracks_caller(line)));
    }

    #[test]
    fn what_is_no_rust_has_no_functions() {
        assert_eq!(Items::parse("fn (").at(1, 1), None);
        assert_eq!(Items::read(Path::new("/")).at(1, 1), None);
    }
}
