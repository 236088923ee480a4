//! Growing a `BinaryHeap`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "heap-growth",
    habit: "a `BinaryHeap` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the BinaryHeap grew from {old} to {size} bytes",
    calls: &[Call::of("alloc::collections::binary_heap", "push extend append reserve reserve_exact")],
    on: On::NEW.or(On::GROWTH),
    ..Entry::COMMON
};
