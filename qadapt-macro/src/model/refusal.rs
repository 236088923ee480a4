//! What the user gets where an attribute cannot be applied: one error and the item as it was.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The one error of an attribute that cannot be applied.
#[derive(Debug)]
pub(crate) struct Refusal {
    error: syn::Error,
    in_expression: bool,
}

impl Refusal {
    /// An error at `span` beside an item or a statement.
    pub(crate) fn at(span: Span, message: impl std::fmt::Display) -> Self {
        syn::Error::new(span, message).into()
    }

    /// The same error where an expression must stand.
    pub(crate) fn in_expression(self) -> Self {
        Self { in_expression: true, ..self }
    }

    /// The error, then `item` untouched.
    pub(crate) fn beside(self, item: TokenStream) -> TokenStream {
        let mut tokens = self.error.into_compile_error();
        tokens.extend(item);
        if self.in_expression { quote!({ #tokens }) } else { tokens }
    }
}

impl From<syn::Error> for Refusal {
    fn from(error: syn::Error) -> Self {
        // A parser's error may hold several messages; the first says where to look.
        let error = error.into_iter().next().expect("an error of syn holds at least one message");
        Self { error, in_expression: false }
    }
}

#[cfg(test)]
impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(out)
    }
}
