//! Cloning a `BTreeMap` or `BTreeSet`, whose `clone_from` makes all nodes anew and frees the old ones.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "b-tree-clone",
    habit: "a `BTreeMap` or `BTreeSet` is cloned",
    advice: "borrow the B-tree, or `extend` a Vec reserved outside the region with its entries: `clone_from` allocates too",
    calls: &[
        Call::of("alloc::collections::btree", "clone clone_subtree clone_from"),
        // A map has the trait's own.
        Call::of("core::clone", "clone_from"),
    ],
    through: &[
        Call::of("alloc::collections::btree", "clone clone_subtree clone_from"),
        Call::drop_of("alloc::collections::btree::"),
    ],
    ..Entry::COMMON
};
