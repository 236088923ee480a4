//! Growing a `BinaryHeap`.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "heap-growth",
    habit: "a `BinaryHeap` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the BinaryHeap grew from {old} to {size} bytes",
    calls: &[Call::of("alloc::collections::binary_heap", "push extend append reserve reserve_exact")],
    on: On::NEW.or(On::GROWTH),
    ..Rule::COMMON
};
