//! Replacing text and changing its case.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "str-transform",
    habit: "text is replaced or its case changed",
    advice: "push the changed text to a String reserved outside the region, or change ASCII in place (`make_ascii_..`)",
    calls: &[
        Call::of(
            "alloc::str",
            "replace replacen to_lowercase to_uppercase to_ascii_lowercase to_ascii_uppercase",
        ),
        Call::of("alloc::slice", "to_ascii_lowercase to_ascii_uppercase"),
    ],
    ..Entry::COMMON
};
