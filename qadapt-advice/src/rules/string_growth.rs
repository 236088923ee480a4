//! Growing a `String`.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "string-growth",
    habit: "a `String` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the String grew from {old} to {size} bytes",
    calls: &[Call::of(
        "alloc::string",
        "push push_str insert insert_str extend extend_from_within add add_assign reserve reserve_exact try_reserve write_str write_char",
    )],
    on: On::NEW.or(On::GROWTH),
    ..Rule::COMMON
};
