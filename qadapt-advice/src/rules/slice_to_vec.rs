//! Copying a slice into a `Vec`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "slice-to-vec",
    habit: "a slice is copied into a `Vec`",
    advice: "borrow the slice, or `extend_from_slice` a Vec reserved outside the region",
    calls: &[Call::of("alloc::slice", "to_vec to_vec_in to_owned"), Call::of("alloc::vec", "from")],
    ..Entry::COMMON
};
