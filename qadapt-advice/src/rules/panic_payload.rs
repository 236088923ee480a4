//! Dropping a caught panic.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "panic-payload",
    habit: "the payload of a caught panic is dropped",
    advice: "return the payload of the caught panic from the region and drop it outside",
    calls: &[
        Call::drop_of("alloc::boxed::Box<dyn core::any::Any"),
        Call::drop_of("alloc::boxed::Box<(dyn core::any::Any"),
    ],
    on: On::FREE,
    ..Rule::COMMON
};
