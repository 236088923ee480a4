//! Inserting into a B-tree.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "b-tree-insert",
    habit: "a `BTreeMap` or `BTreeSet` makes a node",
    advice: "replace the B-tree by a sorted Vec or a HashMap with reserved capacity: its inserts allocate nodes",
    calls: &[Call::of(
        "alloc::collections::btree",
        "insert insert_entry try_insert or_insert or_insert_with or_insert_with_key or_default extend append replace get_or_insert_with",
    )],
    on: On::NEW,
    ..Entry::COMMON
};
