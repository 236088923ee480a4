//! Copying a `str` into a `String`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "str-to-owned",
    habit: "a `str` is copied into a `String`",
    advice: "borrow the `&str`, or `push_str` it to a String reserved outside the region",
    calls: &[Call::of("alloc::str", "to_owned"), Call::of("alloc::string", "from from_str to_owned")],
    ..Entry::COMMON
};
