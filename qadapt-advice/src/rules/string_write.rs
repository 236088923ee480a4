//! `write!` to a `String` that is too small.

use super::STRING_WRITES;
use crate::rule::{Call, On, Reach, Rule};

pub(super) const RULE: Rule = Rule {
    id: "string-write",
    habit: "`write!` grows a `String` beyond its capacity",
    advice: "reserve more capacity outside the region: `write!` grew the String from {old} to {size} bytes",
    calls: &[Call::of("core::fmt", "write_fmt"), Call::of("alloc::string", "write_fmt")],
    through: STRING_WRITES,
    on: On::NEW.or(On::GROWTH),
    reach: Reach::Region(STRING_WRITES),
    ..Rule::COMMON
};
