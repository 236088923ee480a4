//! What runs in a region: the user's body, with its arguments.

use super::output::Output;
use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};

/// What runs in the region.
pub(super) struct Body {
    /// The statements that bind the arguments.
    pub(super) bindings: TokenStream,
    pub(super) output: Output,
    pub(super) user: Group,
    pub(super) at: Span,
}

impl Body {
    /// A closure that owns the arguments and returns what the function returns.
    pub(super) fn as_closure(&self) -> TokenStream {
        let Self { bindings, output, user, at } = self;
        let output = output.tokens();
        let body = if bindings.is_empty() { user.to_token_stream() } else { self.bound() };
        quote_spanned! {*at=> move || -> #output #body }
    }

    /// A future that owns the arguments and resolves to what the function returns.
    ///
    /// An `async` block cannot state its type, but its first `return` settles it. The second keeps the block from
    /// ending in a value: a lint of clippy's takes a future there for a forgotten `.await`. Neither runs, and the
    /// value that neither makes is there so that no code counts as unreachable.
    pub(super) fn as_future(&self) -> TokenStream {
        let Self { bindings, output, user, at } = self;
        if output.is_never() {
            // `!` cannot be named in an expression, and needs no help.
            let body = self.bound();
            return quote_spanned! {*at=> async move #body };
        }
        let output = output.tokens();
        quote_spanned! {*at=>
            async move {
                if let ::core::option::Option::Some(never) = ::core::option::Option::<#output>::None {
                    return never;
                }
                #bindings
                return match true {
                    true => #user
                    _ => loop {
                        if let ::core::option::Option::Some(never) = ::core::option::Option::None {
                            break never;
                        }
                    },
                };
            }
        }
    }

    /// The user's block after the bindings, as the arm of a match: a lint takes the braces of a block that ends a
    /// block for idle ones. Temporaries of its last expression go before the bindings do, as they go before the
    /// arguments of a function.
    fn bound(&self) -> TokenStream {
        let Self { bindings, user, at, .. } = self;
        quote_spanned! {*at=> { #bindings match () { () => #user } } }
    }
}
