//! Collecting into a `BTreeMap` or `BTreeSet`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-b-tree",
    habit: "a `BTreeMap` or `BTreeSet` is made of an iterator or array",
    advice: "replace the B-tree by a Vec reserved outside the region, which you `extend` and `sort_unstable`: it makes nodes",
    calls: &[
        Call::of("core::iter::traits::iterator", "collect"),
        Call::of("alloc::collections::btree", "from_iter from"),
    ],
    through: &[Call::of("alloc::collections::btree", "from_iter from")],
    ..Entry::COMMON
};
