//! Collecting into a `LinkedList`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-list",
    habit: "a `LinkedList` is made of an iterator or array",
    advice: "replace the LinkedList by a VecDeque reserved outside the region, and `extend` that: a list makes nodes",
    calls: &[
        Call::of("core::iter::traits::iterator", "collect"),
        Call::of("alloc::collections::linked_list", "from_iter from"),
    ],
    through: &[Call::of("alloc::collections::linked_list", "from_iter from")],
    ..Entry::COMMON
};
