//! The first random numbers of a thread.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "random-seed",
    habit: "a thread asks the system for random numbers, as its first `HashMap` does",
    advice: "make one `HashMap` per thread before the region, or use a hasher with a seed of its own",
    calls: &[Call::of("std::hash::random", "new default")],
    on: On::WAIT,
    ..Rule::COMMON
};
