//! From tokens to the model, or to a refusal that says what to write instead.

mod block;
mod form;
mod function;
mod options;
mod order;
mod policy;
mod tail;
mod target;
mod test;

use crate::model::{Attribute, Effect, Item, Marked, Refusal};
use proc_macro2::TokenStream;

/// Reads what `attribute` with `options` stands on.
pub(crate) fn item(attribute: Attribute, options: TokenStream, item: TokenStream) -> Result<Item, Refusal> {
    if let Some(block) = block::read(attribute, &options, &item) {
        return Ok(Item::Block(Box::new(block?)));
    }
    let function = target::read(item, attribute)?;
    order::check(attribute, &function)?;
    let options = options::read(options, attribute)?;
    let test = (attribute.effect() == Effect::Test).then(|| test::read(&function)).transpose()?;
    let form = form::of(&function, attribute.effect(), &options)?;
    Ok(Item::Function(Box::new(Marked { attribute, options, function, form, test })))
}
