//! What an attribute stands on, read.

use super::{Attribute, Block, Form, Function, Options};

/// A function to be replaced, or a block whose functions are to be marked.
pub(crate) enum Item {
    Function(Box<Marked>),
    Block(Box<Block>),
}

/// A function and what is to become of it.
pub(crate) struct Marked {
    pub(crate) attribute: Attribute,
    pub(crate) options: Options,
    pub(crate) function: Function,
    pub(crate) form: Form,
    /// Set for a test.
    pub(crate) test: Option<Test>,
}

/// How a function is a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    /// Whether no other attribute makes it one.
    pub(crate) is_plain: bool,
    pub(crate) should_panic: bool,
}
