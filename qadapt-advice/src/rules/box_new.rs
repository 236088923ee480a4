//! `Box::new`, boxed closures included.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "box-new",
    habit: "a value is boxed",
    advice: "keep the value on the stack (a closure: `impl Fn`, `&dyn Fn`), or make the Box outside the region",
    calls: &[Call::of(
        "alloc::boxed",
        &[
            "new",
            "new_in",
            "try_new",
            "default",
            "from",
            "new_zeroed",
            "new_uninit_slice",
            "new_zeroed_slice",
        ],
    )],
    ..Rule::COMMON
};
