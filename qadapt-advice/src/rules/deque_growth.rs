//! Growing a `VecDeque`.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "deque-growth",
    habit: "a `VecDeque` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the VecDeque grew from {old} to {size} bytes",
    calls: &[Call::of(
        "alloc::collections::vec_deque",
        "push_back push_front push_back_mut push_front_mut insert extend append resize resize_with reserve reserve_exact grow make_contiguous",
    )],
    on: On::NEW.or(On::GROWTH),
    ..Rule::COMMON
};
