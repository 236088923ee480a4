//! How a function's arguments get into the closure that runs its body.
//!
//! Each parameter becomes a plain name in the signature, is moved into the closure whole, and meets its own
//! pattern there. So an argument is dropped inside the region, whether it is bound, bound in parts or not at
//! all, and in the order of the bare function: the last parameter first, each after what its pattern bound.

use super::conditional::{on_binding, on_parameter};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use std::collections::HashMap;
use syn::visit_mut::{VisitMut, visit_pat_ident_mut};
use syn::{FnArg, Pat, PatIdent, PatType, Receiver, Signature};

/// Renames the parameters of `signature`; the statements that bind them again, written at `at`, come back. Where others, which expand
/// later, may speak of the parameters, their names stay as they can see them.
pub(super) fn rebind(signature: &mut Signature, at: Span, others: bool) -> TokenStream {
    let mut names = Names { others, ..Names::of(signature) };
    signature
        .inputs
        .iter_mut()
        .map(|input| match input {
            FnArg::Receiver(receiver) => capture(receiver, at),
            FnArg::Typed(parameter) => bind(parameter, &mut names, at),
        })
        .collect()
}

/// Moves `self`, which cannot be bound again, into the closure whole.
fn capture(receiver: &Receiver, at: Span) -> TokenStream {
    let attributes = receiver.attrs.iter().filter_map(|attribute| on_binding(attribute, false));
    let this = receiver.self_token;
    quote_spanned! {at=> #(#attributes)* let _ = &#this; }
}

/// Gives `parameter` a plain name and binds its pattern to that.
fn bind(parameter: &mut PatType, names: &mut Names, at: Span) -> TokenStream {
    if names.is_bound_twice_inside(&parameter.pat) {
        // The compiler refuses this list of parameters in its own words if it sees it.
        return TokenStream::new();
    }
    let inner: Vec<_> = parameter.attrs.iter().filter_map(|attribute| on_binding(attribute, true)).collect();
    parameter.attrs = parameter.attrs.iter().filter_map(on_parameter).collect();

    let name = names.fresh(&parameter.pat);
    let plain =
        PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name.clone(), subpat: None };
    let pattern = std::mem::replace(&mut *parameter.pat, Pat::Ident(plain));
    match &pattern {
        // Clippy asks what a plain `let _name = ..` is for.
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) if starts_idle(ident) => {
            quote_spanned! {at=> #(#inner)* let (#pattern,) = (#name,); }
        }
        Pat::Ident(PatIdent { by_ref: None, subpat: None, .. }) => {
            quote_spanned! {at=> #(#inner)* let #pattern = #name; }
        }
        // `let _ = argument` would move nothing.
        Pat::Wild(_) => {
            let held = format_ident!("_{name}", span = at);
            quote_spanned! {at=> #(#inner)* let #held = #name; }
        }
        // The name keeps what the pattern leaves behind.
        _ => {
            let cfgs: Vec<_> =
                parameter.attrs.iter().filter_map(|attribute| on_binding(attribute, false)).collect();
            // A parameter may be changed in its place, by what `ref mut` binds; if it is not, nobody may say so.
            let held = if Changed::by(&pattern) {
                quote_spanned!(at=> let mut #name = #name; #(#cfgs)* let _ = &mut #name;)
            } else {
                quote_spanned!(at=> let #name = #name;)
            };
            quote_spanned! {at=> #(#cfgs)* #held #(#inner)* let #pattern = #name; }
        }
    }
}

/// Whether a pattern has a `ref mut`.
#[derive(Default)]
struct Changed(bool);

impl Changed {
    fn by(pattern: &Pat) -> bool {
        let mut changed = Self::default();
        changed.visit_pat_mut(&mut pattern.clone());
        changed.0
    }
}

impl VisitMut for Changed {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.0 |= pattern.by_ref.is_some() && pattern.mutability.is_some();
        visit_pat_ident_mut(self, pattern);
    }
}

/// Whether the name says that nobody need use it.
fn starts_idle(name: &Ident) -> bool {
    name.to_string().starts_with('_')
}

/// The names of the parameters: how often the user's patterns bind each, and the fresh ones of `_` and patterns.
#[derive(Default)]
struct Names {
    bound: HashMap<String, usize>,
    fresh: usize,
    /// Whether others may speak of the parameters.
    others: bool,
}

impl Names {
    fn of(signature: &Signature) -> Self {
        let mut names = Self::default();
        for input in &signature.inputs {
            if let FnArg::Typed(parameter) = input {
                names.visit_pat_mut(&mut parameter.pat.clone());
            }
        }
        names
    }

    fn is_bound_twice(&self, name: &Ident) -> bool {
        self.bound.get(&name.to_string()).is_some_and(|times| *times > 1)
    }

    /// Whether a pattern that takes its argument apart binds a name that is bound elsewhere too.
    fn is_bound_twice_inside(&self, pattern: &Pat) -> bool {
        if let Pat::Ident(PatIdent { subpat: None, .. }) = pattern {
            return false;
        }
        let mut inside = Self::default();
        inside.visit_pat_mut(&mut pattern.clone());
        inside.bound.iter().any(|(name, times)| self.bound.get(name) > Some(times))
    }

    /// A name for a parameter: its own where it has one, since documentation and messages show it. It lives in
    /// the macro's context, where no lint looks; but of two equal names only the compiler can tell whether they
    /// are one, so they stay the user's.
    fn fresh(&mut self, pattern: &Pat) -> Ident {
        let at = Span::mixed_site();
        if let Pat::Ident(PatIdent { ident, .. }) = pattern {
            let mut name = ident.clone();
            // Nobody is asked what a name that starts idle is for.
            let is_spoken_of = self.others && !starts_idle(ident);
            if !is_spoken_of && !self.is_bound_twice(ident) {
                name.set_span(ident.span().resolved_at(at));
            }
            return name;
        }
        loop {
            self.fresh += 1;
            let name = format_ident!("arg_{}", self.fresh, span = at);
            if !self.bound.contains_key(&name.to_string()) {
                return name;
            }
        }
    }
}

/// Counts the names that a pattern binds, and those of constants with them.
impl VisitMut for Names {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        *self.bound.entry(pattern.ident.to_string()).or_default() += 1;
        visit_pat_ident_mut(self, pattern);
    }
}

#[cfg(test)]
mod tests {
    use super::rebind;
    use proc_macro2::Span;
    use quote::ToTokens as _;
    use syn::Signature;

    #[test]
    fn parameters_are_bound_again_in_order() {
        for (parameters, renamed, statements) in [
            ("", "", ""),
            ("x: u8", "x : u8", "let x = x ;"),
            ("mut x: u8", "x : u8", "let mut x = x ;"),
            ("ref x: u8", "x : u8", "let x = x ; let ref x = x ;"),
            (
                "(ref mut x, _): P",
                "arg_1 : P",
                "let mut arg_1 = arg_1 ; let _ = & mut arg_1 ; let (ref mut x , _) = arg_1 ;",
            ),
            ("_: u8", "arg_1 : u8", "let _arg_1 = arg_1 ;"),
            ("(x, _): P", "arg_1 : P", "let arg_1 = arg_1 ; let (x , _) = arg_1 ;"),
            ("x @ S { .. }: S", "x : S", "let x = x ; let x @ S { .. } = x ;"),
            ("&self", "& self", "let _ = & self ;"),
            (
                "mut self: Box<Self>, x: u8",
                "mut self : Box < Self > , x : u8",
                "let _ = & self ; let x = x ;",
            ),
            ("arg_1: u8, _: u8", "arg_1 : u8 , arg_2 : u8", "let arg_1 = arg_1 ; let _arg_2 = arg_2 ;"),
            ("mut _x: u8", "_x : u8", "let (mut _x ,) = (_x ,) ;"),
            ("x: u8, x: u8", "x : u8 , x : u8", "let x = x ; let x = x ;"),
            ("(x, y): P, x: u8", "(x , y) : P , x : u8", "let x = x ;"),
            ("#[cfg(a)] self", "# [cfg (a)] self", "# [cfg (a)] let _ = & self ;"),
        ] {
            check(parameters, renamed, statements);
        }
    }

    #[test]
    fn attributes_go_where_they_act() {
        for (parameters, renamed, statements) in [
            (
                "#[cfg(a)] x: u8, #[cfg(b)] x: i8",
                "# [cfg (a)] x : u8 , # [cfg (b)] x : i8",
                "# [cfg (a)] let x = x ; # [cfg (b)] let x = x ;",
            ),
            ("#[allow(unused)] #[other] x: u8", "# [other] x : u8", "# [allow (unused)] let x = x ;"),
            (
                "#[cfg(a)] #[expect(unused)] (): ()",
                "# [cfg (a)] arg_1 : ()",
                "# [cfg (a)] let arg_1 = arg_1 ; # [cfg (a)] # [expect (unused)] let () = arg_1 ;",
            ),
            (
                "#[cfg_attr(a, cfg(b), other, warn(unused))] x: u8",
                "# [cfg_attr (a , cfg (b) , other)] x : u8",
                "# [cfg_attr (a , cfg (b) , warn (unused))] let x = x ;",
            ),
        ] {
            check(parameters, renamed, statements);
        }
    }

    fn check(parameters: &str, renamed: &str, statements: &str) {
        let text = format!("fn f({parameters})");
        let mut signature: Signature = syn::parse_str(&text).expect("the test's text is a signature");
        let made = rebind(&mut signature, Span::call_site(), false);
        assert_eq!(signature.inputs.to_token_stream().to_string(), renamed, "{text}");
        assert_eq!(made.to_string(), statements, "{text}");
    }
}
