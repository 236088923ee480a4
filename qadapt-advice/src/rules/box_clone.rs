//! Cloning a `Box`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "box-clone",
    habit: "a `Box` is cloned",
    advice: "borrow the value, or copy it with `clone_from` into a Box made outside the region",
    calls: &[Call::of("alloc::boxed", "clone")],
    ..Rule::COMMON
};
