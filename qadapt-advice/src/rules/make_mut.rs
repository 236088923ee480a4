//! Copy-on-write of a shared value.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "make-mut",
    habit: "`make_mut` clones a value that is shared",
    advice: "change the value while it is not shared, or keep a spare copy outside: `make_mut` clones a shared value",
    calls: &[Call::of("alloc::sync", "make_mut"), Call::of("alloc::rc", "make_mut")],
    ..Rule::COMMON
};
