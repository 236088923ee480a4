//! The calls in a source file that open regions, as far as its words tell.
//!
//! `assert_no_alloc(..)` and `enter_protected()` are told by their names, also by the ones that a `use` gives them, and
//! `.no_alloc()` by its own. `run`, `enter` and `wrap` are methods of a policy: what the sources call one is a `Policy`
//! by its declaration, or by what it is made of. A `PolicyToken` has `run` alone, and counts as one. In macros tokens are read; a call of a macro that has such calls in its
//! definition opens what these do.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Token;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::place::Place;

/// What a call opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opens {
    /// A region that is a closure.
    Closure,
    /// A region that another call or a drop closes.
    Extent,
    /// What it returns has polls that are regions.
    Polls,
}

/// What the sources of a program call policies and macros.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Constants, statics, fields, and functions that return one.
    policies: BTreeSet<String>,
    /// Macros, with what each call of one opens, and where its definition says so.
    macros: BTreeMap<String, Vec<(Opens, Place)>>,
    /// The file that is being read.
    file: String,
}

impl Words {
    /// Adds what a file defines.
    pub(crate) fn learn(&mut self, path: &str, file: &syn::File) {
        path.clone_into(&mut self.file);
        self.visit_file(file);
    }
}

/// A call that opens a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Line and column, from 1.
    pub(crate) at: (u32, u32),
    /// What it opens.
    pub(crate) opens: Opens,
    /// The place in the definition of a macro, if it is one that is called.
    pub(crate) defined: Option<Place>,
}

impl Call {
    fn new(span: Span, opens: Opens) -> Self {
        Self { at: start(span), opens, defined: None }
    }
}

/// Where something begins: line and column, from 1.
fn start(span: Span) -> (u32, u32) {
    let start = span.start();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(start.line), number(start.column).saturating_add(1))
}

/// The calls of a file that open regions, in the order of its text.
pub(crate) fn calls(file: &syn::File, words: &Words) -> Vec<Call> {
    let mut calls = Calls { words, names: Names::default(), found: Vec::new() };
    calls.names.visit_file(file);
    calls.visit_file(file);
    calls.found.sort_by_key(|call| call.at);
    calls.found
}

/// Code that only tests have.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        let is_test = attribute.path().segments.last().is_some_and(|segment| segment.ident == "test");
        is_test || is_cfg && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Whether a type is `Policy` or a token of one, behind references or not.
fn is_policy_type(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Policy" || last.ident == "PolicyToken"),
        syn::Type::Reference(reference) => is_policy_type(&reference.elem),
        syn::Type::Paren(inner) => is_policy_type(&inner.elem),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Words {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if is_policy_type(&item.ty) {
            self.policies.insert(item.ident.to_string());
        }
        visit::visit_item_const(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        if is_policy_type(&item.ty) {
            self.policies.insert(item.ident.to_string());
        }
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        if is_policy_type(&item.ty) {
            self.policies.insert(item.ident.to_string());
        }
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        if is_policy_type(&item.ty) {
            self.policies.insert(item.ident.to_string());
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let (true, Some(name)) = (is_policy_type(&field.ty), &field.ident) {
            self.policies.insert(name.to_string());
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let syn::ReturnType::Type(_, ty) = &signature.output
            && is_policy_type(ty)
        {
            self.policies.insert(signature.ident.to_string());
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(name) = &item.ident {
            let mut found = Vec::new();
            scan(item.mac.tokens.clone(), &mut found);
            if !found.is_empty() {
                let place = |call: Call| {
                    let (line, column) = call.at;
                    (call.opens, Place { file: self.file.clone(), line, column })
                };
                self.macros.insert(name.to_string(), found.into_iter().map(place).collect());
            }
        }
    }
}

/// The calls in tokens that are told by their words alone.
fn scan(tokens: TokenStream, found: &mut Vec<Call>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let word = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(word)) => Some(word),
        _ => None,
    };
    let is_group = |at: usize| matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_point =
        |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(point)) if point.as_char() == '.');
    // Since the last end of a statement.
    let mut has_policy = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => scan(group.stream(), found),
            TokenTree::Punct(point) if point.as_char() == ';' => has_policy = false,
            TokenTree::Ident(name) if *name == "Policy" => has_policy = true,
            TokenTree::Ident(name) if is_group(at + 1) => {
                let is_method = at.checked_sub(1).is_some_and(is_point);
                let opens = match name.to_string().as_str() {
                    "assert_no_alloc" => Opens::Closure,
                    "enter_protected" => Opens::Extent,
                    "no_alloc" if is_method => Opens::Polls,
                    "run" if has_policy => Opens::Closure,
                    "enter" if has_policy => Opens::Extent,
                    "wrap" if has_policy => Opens::Polls,
                    _ => continue,
                };
                // A definition is no call.
                if at.checked_sub(1).and_then(word).is_none_or(|before| before != "fn") {
                    found.push(Call::new(name.span(), opens));
                }
            }
            _ => {}
        }
    }
}

/// What one file calls things.
#[derive(Default)]
struct Names {
    /// What `use` calls another name.
    renamed: BTreeMap<String, String>,
    /// Variables and parameters that are policies.
    variables: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.renamed.insert(rename.rename.to_string(), rename.ident.to_string());
    }

    fn visit_fn_arg(&mut self, argument: &'ast syn::FnArg) {
        if let syn::FnArg::Typed(argument) = argument {
            self.learn(&argument.pat, is_policy_type(&argument.ty));
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        match &local.pat {
            syn::Pat::Type(typed) => self.learn(&typed.pat, is_policy_type(&typed.ty)),
            pattern => {
                let value = local.init.as_ref().map(|init| &*init.expr);
                self.learn(pattern, value.is_some_and(|value| self.is_made(value)));
            }
        }
        visit::visit_local(self, local);
    }
}

impl Names {
    fn learn(&mut self, pattern: &syn::Pat, is_policy: bool) {
        if let (true, syn::Pat::Ident(variable)) = (is_policy, pattern) {
            self.variables.insert(variable.ident.to_string());
        }
    }

    /// What a word of this file stands for.
    fn original<'n>(&'n self, word: &'n str) -> &'n str {
        self.renamed.get(word).map_or(word, String::as_str)
    }

    /// Whether a value is made by `Policy::new()`, with whatever is called on that.
    fn is_made(&self, value: &syn::Expr) -> bool {
        match value {
            syn::Expr::MethodCall(call) => self.is_made(&call.receiver),
            syn::Expr::Reference(reference) => self.is_made(&reference.expr),
            syn::Expr::Paren(inner) => self.is_made(&inner.expr),
            syn::Expr::Call(call) => match &*call.func {
                syn::Expr::Path(path) => self.owner(&path.path) == Some("Policy"),
                _ => false,
            },
            _ => false,
        }
    }

    /// The type or trait that a path is of, `Policy` for `qadapt::Policy::new`.
    fn owner(&self, path: &syn::Path) -> Option<&'static str> {
        let owner = path.segments.iter().rev().nth(1)?.ident.to_string();
        let known = ["Policy", "PolicyToken", "GuardExt"];
        let original = self.renamed.get(&owner).map_or(&*owner, |original| original);
        known.into_iter().find(|known| *known == original)
    }
}

/// The calls that are found.
struct Calls<'w> {
    words: &'w Words,
    names: Names,
    found: Vec<Call>,
}

impl Calls<'_> {
    /// Whether a value is a policy, as far as words tell.
    fn is_policy(&self, value: &syn::Expr) -> bool {
        let is_known = |name: &syn::Ident| {
            let name = name.to_string();
            self.names.variables.contains(&name) || self.words.policies.contains(self.names.original(&name))
        };
        match value {
            _ if self.names.is_made(value) => true,
            syn::Expr::MethodCall(call) => is_known(&call.method) || self.is_policy(&call.receiver),
            syn::Expr::Reference(reference) => self.is_policy(&reference.expr),
            syn::Expr::Unary(unary) => self.is_policy(&unary.expr),
            syn::Expr::Paren(inner) => self.is_policy(&inner.expr),
            syn::Expr::Call(call) => self.is_policy(&call.func),
            syn::Expr::Path(path) => path.path.segments.last().is_some_and(|last| is_known(&last.ident)),
            syn::Expr::Field(field) => match &field.member {
                syn::Member::Named(name) => is_known(name),
                syn::Member::Unnamed(_) => false,
            },
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Calls<'_> {
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

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    /// Where a macro is defined nothing is opened yet.
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.ident.is_none() {
            self.visit_macro(&item.mac);
        }
    }

    /// What most macros are given is a list of expressions, or statements.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last()
            && let Some(opens) = self.words.macros.get(self.names.original(&name.ident.to_string()))
        {
            self.found.extend(opens.iter().map(|(opens, place)| Call {
                defined: Some(place.clone()),
                ..Call::new(call.span(), *opens)
            }));
        }
        // What is parsed here lives no longer than this.
        let mut inside =
            Calls { words: self.words, names: std::mem::take(&mut self.names), found: Vec::new() };
        if let Ok(list) = call.parse_body_with(Punctuated::<syn::Expr, Token![,]>::parse_terminated) {
            list.iter().for_each(|expression| inside.visit_expr(expression));
        } else if let Ok(statements) = call.parse_body_with(syn::Block::parse_within) {
            for statement in &statements {
                inside.visit_stmt(statement);
            }
        } else {
            scan(call.tokens.clone(), &mut inside.found);
        }
        self.names = inside.names;
        self.found.append(&mut inside.found);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            let last = last.ident.to_string();
            let opens = match (self.names.owner(&path.path), self.names.original(&last)) {
                (None, "assert_no_alloc") | (Some("Policy" | "PolicyToken"), "run") => Some(Opens::Closure),
                (None, "enter_protected") | (Some("Policy"), "enter") => Some(Opens::Extent),
                (Some("Policy"), "wrap") | (Some("GuardExt"), "no_alloc") => Some(Opens::Polls),
                _ => None,
            };
            self.found.extend(opens.map(|opens| Call::new(call.span(), opens)));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let opens = match (call.method.to_string().as_str(), call.args.len()) {
            ("no_alloc", 0) => Some(Opens::Polls),
            ("run", 1) if self.is_policy(&call.receiver) => Some(Opens::Closure),
            ("enter", 0) if self.is_policy(&call.receiver) => Some(Opens::Extent),
            ("wrap", 1) if self.is_policy(&call.receiver) => Some(Opens::Polls),
            _ => None,
        };
        self.found.extend(opens.map(|opens| Call::new(call.method.span(), opens)));
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(u32, Opens)> {
        let file = syn::parse_file(source).expect("it is Rust");
        let mut words = Words::default();
        words.learn("src/main.rs", &file);
        calls(&file, &words).iter().map(|call| (call.at.0, call.opens)).collect()
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
        let [closure, extent] = [Opens::Closure, Opens::Extent];
        let expected = [(2, closure), (2, closure), (3, extent), (4, extent), (7, closure), (10, closure)];
        assert_eq!(found(source), expected);
    }

    #[test]
    fn what_is_watched_poll_by_poll_is_found() {
        let source = "\
async fn f() {
    step(1).no_alloc().await;
    GuardExt::no_alloc(async {}).await;
    Policy::new().name(\"a\").wrap(step(2)).await;
    Policy::wrap(POLICY, step(3)).await;
    inner.wrap(step(4)).await;
    step(5).count_alloc().permit_alloc().await;
    tokio::select! { a = step(6).no_alloc() => a, _ = step(7) => 0 }
}
";
        let polls = |line| (line, Opens::Polls);
        assert_eq!(found(source), [polls(2), polls(3), polls(4), polls(5), polls(8)]);
    }

    #[test]
    fn policies_are_known_by_their_declarations() {
        let source = "\
const A: Policy = Policy::new();
static B: qadapt::Policy = A;
struct C { policy: &'static Policy, other: Other }
fn d() -> Policy { A }
impl C {
    const E: Policy = A;
    fn f(&self, g: &Policy, h: Other) {
        A.run(|| 1);
        crate::B.enter();
        self.policy.run(|| 2);
        d().name(\"d\").wrap(step());
        Self::E.run(|| 3);
        g.run(|| 4);
        let i = Policy::new().name(\"i\");
        (&i).run(|| 5);
        let j: Policy = Default::default();
        j.enter();
        self.other.run(|| 6);
        h.run(|| 7);
        k.wrap(step());
    }
}
fn l(m: &PolicyToken) {
    m.run(|| 8);
    PolicyToken::run(m, || 9);
}
";
        let lines: Vec<u32> = found(source).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [8, 9, 10, 11, 12, 13, 15, 17, 24, 25]);
    }

    #[test]
    fn other_names_and_macros_are_seen_through() {
        let source = "\
use qadapt::{assert_no_alloc as quiet, Policy as Rules};
macro_rules! guarded {
    ($body:expr) => { qadapt::assert_no_alloc(|| $body) };
}
macro_rules! harmless {
    ($body:expr) => { assert_no_alloc_later($body) };
}
fn f() {
    quiet(|| 1);
    Rules::new().run(|| 2);
    guarded!(3);
    harmless!(4);
    thread_local! { static S: u8 = assert_no_alloc(|| 5); }
    custom! { x => fn run() { assert_no_alloc(|| 6) } }
}
";
        let lines: Vec<u32> = found(source).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [9, 10, 11, 13, 14]);
    }
}
