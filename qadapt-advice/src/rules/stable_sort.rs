//! Stable sorts.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "stable-sort",
    habit: "a stable sort takes a buffer",
    advice: "sort with `sort_unstable` (or `sort_unstable_by`, `.._by_key`): a stable sort takes a buffer",
    calls: &[Call::of("alloc::slice", "sort sort_by sort_by_key stable_sort")],
    ..Entry::COMMON
};
