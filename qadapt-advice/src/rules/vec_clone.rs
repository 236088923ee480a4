//! Cloning a `Vec`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "vec-clone",
    habit: "a `Vec` is cloned",
    advice: "borrow the Vec, or `clone_from` into one reserved outside the region",
    calls: &[Call::of("alloc::vec", "clone")],
    ..Rule::COMMON
};
