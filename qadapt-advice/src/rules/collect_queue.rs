//! Collecting into a deque or heap.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-queue",
    habit: "an iterator is collected into a deque or heap",
    advice: "make the collection outside the region, reserve its capacity, and `extend` it instead of collecting",
    calls: &[Call::of("core::iter::traits::iterator", "collect")],
    through: &[
        Call::of("alloc::collections::vec_deque", "from_iter spec_from_iter"),
        Call::of("alloc::collections::binary_heap", "from_iter"),
    ],
    ..Entry::COMMON
};
