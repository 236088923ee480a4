//! Removing from a B-tree.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "b-tree-remove",
    habit: "a `BTreeMap` or `BTreeSet` frees a node",
    advice: "mark entries as removed and take them out outside the region: a B-tree's removals free nodes",
    calls: &[Call::of(
        "alloc::collections::btree",
        "remove remove_entry remove_kv pop_first pop_last retain take clear next",
    )],
    on: On::FREE,
    ..Entry::COMMON
};
