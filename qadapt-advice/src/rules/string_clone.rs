//! Cloning a `String`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "string-clone",
    habit: "a `String` is cloned",
    advice: "borrow the String, or `clone_from` into one reserved outside the region",
    calls: &[Call::of("alloc::string", "clone")],
    ..Rule::COMMON
};
