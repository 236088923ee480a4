//! Pushing to and popping from a `LinkedList`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "linked-list",
    habit: "a `LinkedList` makes or frees a node",
    advice: "replace the LinkedList by a VecDeque with reserved capacity: each push allocates, each pop frees",
    calls: &[Call::of(
        "alloc::collections::linked_list",
        "push_back push_front push_back_mut push_front_mut pop_back pop_front extend clear",
    )],
    ..Entry::COMMON
};
