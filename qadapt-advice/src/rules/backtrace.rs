//! Capturing a backtrace.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "backtrace",
    habit: "a `Backtrace` is captured",
    advice: "capture no backtrace inside the region: pass an error code out and capture it there",
    calls: &[Call::any_of("std::backtrace")],
    ..Rule::COMMON
};
