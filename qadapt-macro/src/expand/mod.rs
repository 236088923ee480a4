//! What replaces the item: the model as tokens.

mod block;
mod body;
mod conditional;
mod function;
mod note;
mod output;
mod parameters;
mod place;
mod policy;
mod region;
mod tail;

use crate::model::Item;
use proc_macro2::TokenStream;

/// Writes what replaces the item.
pub(crate) fn item(item: Item) -> TokenStream {
    match item {
        Item::Function(marked) => function::expand(*marked),
        Item::Block(block) => block::expand(*block),
    }
}
