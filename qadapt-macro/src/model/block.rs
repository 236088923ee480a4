//! An impl block whose functions are to be marked one by one.

use super::{Attribute, Options};
use proc_macro2::TokenStream;
use syn::ItemImpl;

/// The block, and what to write on its functions.
pub(crate) struct Block {
    pub(crate) item: ItemImpl,
    /// Which of the block's items get the attribute.
    pub(crate) marked: Vec<usize>,
    pub(crate) attribute: Attribute,
    pub(crate) options: Options,
    /// The options as they were written.
    pub(crate) written: TokenStream,
}
