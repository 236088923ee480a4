//! What is marked and how, as plain data: `parse` fills it, `expand` reads it.

mod attribute;
mod block;
mod form;
mod function;
mod item;
mod options;
mod policy;
mod refusal;
mod tail;

pub(crate) use attribute::{Attribute, Effect};
pub(crate) use block::Block;
pub(crate) use form::Form;
pub(crate) use function::Function;
pub(crate) use item::{Item, Marked, Test};
pub(crate) use options::Options;
pub(crate) use policy::{Allowed, PolicyOptions, Subject};
pub(crate) use refusal::Refusal;
pub(crate) use tail::Tail;
