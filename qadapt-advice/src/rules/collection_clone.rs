//! Cloning a map, set, deque or list.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collection-clone",
    habit: "a map, set, deque, heap or list is cloned",
    advice: "borrow the collection, or `clone_from` into one made outside the region",
    calls: &[
        Call::of("alloc::collections", "clone clone_subtree"),
        Call::of("std::collections::hash", "clone"),
        Call::of("hashbrown", "clone"),
    ],
    ..Entry::COMMON
};
