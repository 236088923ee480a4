//! Cloning a hash map or set, whose `clone_from` keeps only a table of the same size.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "hash-map-clone",
    habit: "a hash map or set is cloned",
    advice: "borrow the map or set, or `clear` and `extend` one reserved outside the region: `clone_from` allocates too",
    calls: &[
        Call::of("std::collections::hash", "clone clone_from"),
        Call::of("hashbrown", "clone clone_from"),
    ],
    ..Entry::COMMON
};
