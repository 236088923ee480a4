//! Collecting into a `String`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "collect-string",
    habit: "an iterator is collected into a `String`",
    advice: "clear a String reserved outside the region and `extend` it instead of collecting",
    calls: &[Call::of("core::iter::traits::iterator", "collect")],
    through: &[Call::of("alloc::string", "from_iter")],
    ..Rule::COMMON
};
