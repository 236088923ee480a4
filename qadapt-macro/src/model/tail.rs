//! A body that ends in `Box::pin(..)`: what `#[async_trait]` makes of an `async` method, and what one writes by hand.

use proc_macro2::{Group, Span, TokenStream};

/// Such a body, taken apart at the future that goes into the box.
pub(crate) struct Tail {
    /// The statements, and the call up to its parentheses.
    pub(crate) before: TokenStream,
    /// The parentheses and the future in them.
    pub(crate) future: Group,
    /// Whether the future is written out here, so that nobody else has made it.
    pub(crate) is_async_block: bool,
    /// Whether something is done before the box is made.
    pub(crate) has_statements: bool,
    /// A `return` that leaves without this box.
    pub(crate) other_way_out: Option<Span>,
}
