//! Cloning a `LinkedList`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "linked-list-clone",
    habit: "a `LinkedList` is cloned",
    advice: "borrow the list, or `clone_from` into one of the same length: each node more or less is allocated or freed",
    calls: &[Call::of("alloc::collections::linked_list", "clone clone_from")],
    ..Entry::COMMON
};
