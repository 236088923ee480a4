//! Growing a `VecDeque`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "deque-growth",
    habit: "a `VecDeque` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the VecDeque grew from {old} to {size} bytes",
    calls: &[Call::of(
        "alloc::collections::vec_deque",
        "push_back push_front push_back_mut push_front_mut insert extend append resize resize_with reserve reserve_exact grow make_contiguous",
    )],
    on: On::NEW.or(On::GROWTH),
    ..Entry::COMMON
};
