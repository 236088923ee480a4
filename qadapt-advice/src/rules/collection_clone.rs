//! Cloning a deque or heap.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collection-clone",
    habit: "a deque or heap is cloned",
    advice: "borrow the collection, or `clone_from` into one reserved outside the region",
    calls: &[
        Call::of("alloc::collections::vec_deque", "clone clone_from"),
        Call::of("alloc::collections::binary_heap", "clone clone_from"),
    ],
    ..Entry::COMMON
};
