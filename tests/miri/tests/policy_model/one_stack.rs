//! What `stacks.rs` is where a thread has one stack only.

use std::rc::Rc;

use crate::walk::{On, Walk};

impl On<'_> {
    pub(crate) fn pause(self) {}
}

impl Walk {
    pub(crate) fn resume(self: &Rc<Self>) {}
    pub(crate) fn make_stacks(self: &Rc<Self>) {}
    pub(crate) fn end_stacks(self: &Rc<Self>) {}
}
