//! `format!`.

use super::STRING_WRITES;
use crate::rule::{Call, Reach, Rule};

pub(super) const RULE: Rule = Rule {
    id: "format",
    habit: "`format!` makes a `String`",
    advice: "write with `write!` into a String reserved outside the region, or into a byte array: `format!` allocates",
    calls: &[Call::of("alloc::fmt", "format format_inner")],
    reach: Reach::Region(STRING_WRITES),
    ..Rule::COMMON
};
