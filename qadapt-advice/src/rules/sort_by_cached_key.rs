//! Sorting by cached keys.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "sort-by-cached-key",
    habit: "`sort_by_cached_key` makes a table of keys",
    advice: "sort with `sort_unstable_by_key`, or keep the keys with the elements: cached keys need a table",
    calls: &[Call::of("alloc::slice", "sort_by_cached_key")],
    ..Entry::COMMON
};
