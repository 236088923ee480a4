//! Concatenating, joining and repeating slices.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "slice-concat",
    habit: "slices or strings are concatenated, joined or repeated",
    advice: "extend a buffer reserved outside the region piece by piece instead of `concat`, `join` or `repeat`",
    calls: &[
        Call::of("alloc::slice", "concat join repeat connect"),
        Call::of("alloc::str", "concat join repeat"),
    ],
    ..Entry::COMMON
};
