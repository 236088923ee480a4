//! A function as tokens: its signature taken apart, its body left alone.

use proc_macro2::{Group, Ident, TokenStream};
use syn::{Attribute, Signature, Visibility};

/// A function, method or declaration of one.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default`, in an impl that may be specialised.
    pub(crate) defaultness: Option<Ident>,
    pub(crate) signature: Signature,
    /// The inner attributes of the body, `#![..]`.
    pub(crate) inner: TokenStream,
    /// The braces and what they hold; it need not be anything that this crate understands.
    pub(crate) body: Option<Group>,
}
