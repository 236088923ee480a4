//! Dropping a `Box`.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "drop-box",
    habit: "a `Box` is dropped",
    advice: "take the Box by reference, drop it in `qadapt::defer_frees`, or wrap it in `qadapt::PermitDrop`: it frees {size} bytes",
    calls: &[Call::drop_of("alloc::boxed::Box<")],
    on: On::FREE,
    ..Rule::COMMON
};
