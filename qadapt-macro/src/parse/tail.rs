//! Finds the `Box::pin(..)` that a body ends in.

use crate::model::Tail;
use proc_macro2::{Delimiter, Group, Span, TokenTree};
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprAsync, ExprCall, ExprClosure, ExprReturn, Item, Stmt};

/// Finds the tail of a body; none where it ends otherwise, or in something that is not understood.
pub(super) fn of(body: &Group) -> Option<Tail> {
    let mut trees: Vec<TokenTree> = body.stream().into_iter().collect();
    let Some(TokenTree::Group(future)) = trees.pop() else { return None };
    if future.delimiter() != Delimiter::Parenthesis
        || trees.last().is_none_or(|tree| tree.to_string() != "pin")
    {
        return None;
    }
    let mut statements = Block::parse_within.parse2(body.stream()).ok()?;
    let Some(Stmt::Expr(Expr::Call(call), None)) = statements.last() else { return None };
    let argument = pinned(call)?;
    let is_async_block = matches!(argument, Expr::Async(_)) || is_guarded(argument);
    let has_statements = statements.len() > 1;
    let mut ways_out = WaysOut(None);
    for statement in &mut statements {
        ways_out.visit_stmt_mut(statement);
    }
    Some(Tail {
        before: trees.into_iter().collect(),
        future,
        is_async_block,
        has_statements,
        other_way_out: ways_out.0,
    })
}

/// The one argument of a call of `Box::pin`, however the path to it starts.
fn pinned(call: &ExprCall) -> Option<&Expr> {
    let Expr::Path(function) = &*call.func else { return None };
    let mut segments = function.path.segments.iter().rev();
    let is_pin = segments.next()?.ident == "pin" && segments.next()?.ident == "Box";
    (is_pin && call.args.len() == 1).then(|| call.args.first()).flatten()
}

/// Whether an attribute of this crate's has been here before: it leaves `(path::__private::function)(.., future)`.
fn is_guarded(argument: &Expr) -> bool {
    let Expr::Call(call) = argument else { return false };
    let Expr::Paren(function) = &*call.func else { return false };
    let Expr::Path(function) = &*function.expr else { return false };
    function.path.segments.iter().any(|segment| segment.ident == "__private")
}

/// Finds a `return` of the function itself.
struct WaysOut(Option<Span>);

impl VisitMut for WaysOut {
    fn visit_expr_return_mut(&mut self, leaving: &mut ExprReturn) {
        self.0.get_or_insert(leaving.return_token.span());
    }

    // In these a `return` is their own.
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

#[cfg(test)]
mod tests {
    use crate::model::Tail;
    use proc_macro2::Group;

    fn tail(text: &str) -> Option<Tail> {
        let body: Group = syn::parse_str(text).expect("the test's text is one group");
        super::of(&body)
    }

    #[test]
    fn a_box_of_a_future_is_found() {
        for (body, is_async_block, has_statements, returns) in [
            ("{ Box::pin(async move { 5 }) }", true, false, false),
            ("{ Box::pin(async { return 5 }) }", true, false, false),
            ("{ ::std::boxed::Box::pin(async {},) }", true, false, false),
            ("{ Box::<_>::pin(next()) }", false, false, false),
            ("{ let x = || { return 1; }; Box::pin(async move { x() }) }", true, true, false),
            ("{ if now { return Box::pin(a) } Box::pin(async {}) }", true, true, true),
            ("{ Box::pin(if now { return b } else { c }) }", false, false, true),
            ("{ fn f() { return; } Box::pin(f()) }", false, true, false),
            ("{ Box::pin((a::__private::guard_future)(place, async {})) }", true, false, false),
            ("{ Box::pin((a::guard_future)(place, async {})) }", false, false, false),
        ] {
            let found = tail(body).unwrap_or_else(|| panic!("{body}: none is found"));
            let seen = (found.is_async_block, found.has_statements, found.other_way_out.is_some());
            assert_eq!(seen, (is_async_block, has_statements, returns), "{body}");
        }
    }

    #[test]
    fn other_ends_are_none() {
        for body in [
            "{}",
            "{ Box::pin(async {}); }",
            "{ let x = Box::pin(async {}); x }",
            "{ async move {} }",
            "{ Box::new(async {}) }",
            "{ Pin::pin(async {}) }",
            "{ pin(async {}) }",
            "{ Box::pin(a, b) }",
            "{ Box::pin(async {}).boxed() }",
            "{ return Box::pin(async {}) }",
            "{ this is not Rust; Box::pin(async {}) }",
        ] {
            assert!(tail(body).is_none(), "{body}");
        }
    }
}
