//! A snippet becomes a program, with every line where it was.

use std::fmt::Write as _;

use syn::visit::{self, Visit};

use super::ask::Allocator;

/// A program made of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its text.
    pub text: String,
    /// How many columns were put before the snippet's first line.
    pub shift: u32,
}

/// What each program has that its snippet may use.
const BEHIND: &str = "\n#[allow(unused_imports)] use qadapt::prelude::*;\n";

impl Program {
    /// Completes a snippet: statements get a `main` round them, functions one behind them that calls those which take
    /// nothing and have an attribute, and all get the guard as their allocator if they have none.
    #[must_use]
    pub fn of(snippet: &str, allocator: Option<Allocator>) -> Self {
        let mut found = Found::default();
        let is_file = syn::parse_file(snippet).is_ok_and(|file| {
            found.visit_file(&file);
            // `println!(..);` alone could be an item, and is meant to be run.
            found.has_main || !found.calls_macros
        });
        let before = if is_file || has_main(snippet) { "" } else { "fn main() { " };
        let mut text = format!("{before}{snippet}\n");
        if !before.is_empty() {
            text.push('}');
        } else if is_file && !found.has_main {
            let calls: Vec<String> = found.entries.iter().map(|name| format!("let _ = {name}();")).collect();
            let _ = write!(text, "fn main() {{ {} }}", calls.join(" "));
        }
        text.push_str(BEHIND);
        if !found.has_allocator && !snippet.contains("#[global_allocator]") {
            let inner = allocator.map_or("std::alloc::System", Allocator::path);
            let _ = writeln!(
                text,
                "#[global_allocator] static QADAPT_EXPLORE: qadapt::Qadapt<{inner}> = qadapt::Qadapt::new({inner});"
            );
        }
        Self { text, shift: u32::try_from(before.len()).unwrap_or(0) }
    }

    /// The column in the snippet of a place in the program, from 1.
    #[must_use]
    pub fn column(&self, line: u32, column: u32) -> u32 {
        if line == 1 { column.saturating_sub(self.shift).max(1) } else { column }
    }
}

/// True if the text has the beginning of a `main`; it may be one that does not parse.
fn has_main(snippet: &str) -> bool {
    snippet.split("fn main").skip(1).any(|behind| behind.trim_start().starts_with('('))
}

/// What a file of items has.
#[derive(Default)]
struct Found {
    has_main: bool,
    has_allocator: bool,
    /// Macros outside of functions, whose rules are not made there.
    calls_macros: bool,
    /// Functions outside of modules that take nothing and have an attribute.
    entries: Vec<String>,
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let signature = &item.sig;
        if signature.ident == "main" {
            self.has_main = true;
        }
        let is_plain = signature.inputs.is_empty()
            && signature.generics.params.is_empty()
            && signature.asyncness.is_none()
            && signature.unsafety.is_none();
        let is_watched = item.attrs.iter().any(|attribute| {
            let name = attribute.path().segments.last().map(|segment| segment.ident.to_string());
            name.is_some_and(|name| {
                matches!(name.as_str(), "allocate_panic" | "no_alloc" | "nonblocking" | "count_alloc")
            })
        });
        if is_plain && is_watched {
            self.entries.push(signature.ident.to_string());
        }
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.has_allocator |=
            item.attrs.iter().any(|attribute| attribute.path().is_ident("global_allocator"));
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        self.calls_macros |= item.ident.is_none();
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let (has_main, entries) = (self.has_main, self.entries.len());
        visit::visit_item_mod(self, item);
        self.has_main = has_main;
        self.entries.truncate(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_get_a_main_on_their_own_line() {
        let program = Program::of("let a = 1;\nlet b = a;", None);
        assert!(program.text.starts_with("fn main() { let a = 1;\nlet b = a;\n}\n"), "{}", program.text);
        assert_eq!((program.column(1, 13), program.column(1, 3), program.column(2, 3)), (1, 1, 3));
    }

    #[test]
    fn a_function_whose_name_begins_like_main_is_no_main() {
        let loops = Program::of("fn main_loop() {}\nmain_loop();", None);
        assert!(loops.text.starts_with("fn main() { fn main_loop"), "{}", loops.text);
        let broken = Program::of("fn main () { let }", None);
        assert!(broken.text.starts_with("fn main () {"), "{}", broken.text);
    }

    #[test]
    fn macros_that_are_called_are_statements() {
        assert!(
            Program::of("println!(\"one\");\nprintln!(\"two\");", None)
                .text
                .starts_with("fn main() { println!")
        );
        let rules = Program::of("macro_rules! one { () => { 1 } }\n#[no_alloc] fn a() { one!(); }", None);
        assert!(rules.text.contains("\nfn main() { let _ = a(); }"), "{}", rules.text);
        assert!(
            Program::of("thread_local! { static A: u8 = 1; }\nfn main() {}", None).text.starts_with("thread")
        );
    }

    #[test]
    fn watched_functions_are_called() {
        let program = Program::of(
            "#[allocate_panic]\nfn a() -> u8 { 1 }\n#[qadapt::no_alloc] fn b(x: u8) {}\nfn c() {}\nmod m { #[no_alloc] fn d() {} fn main() {} }",
            None,
        );
        assert!(program.text.contains("\nfn main() { let _ = a(); }\n"), "{}", program.text);
    }

    #[test]
    fn what_a_program_has_is_not_added() {
        let own = "#[global_allocator]\nstatic A: std::alloc::System = std::alloc::System;\nfn main() {}";
        let program = Program::of(own, None);
        assert_eq!(program.text.matches("fn main").count(), 1);
        assert_eq!(program.text.matches("global_allocator").count(), 1);
        assert_eq!(program.shift, 0);
        assert_eq!(
            Program::of("fn main() {}", Some(Allocator::Mimalloc)).text.matches("global_allocator").count(),
            1
        );
    }

    #[test]
    fn what_is_no_rust_stays_as_it_is() {
        assert!(
            Program::of("fn main() {\n let x = ;\n}", None).text.starts_with("fn main() {\n let x = ;\n}\n")
        );
    }
}
