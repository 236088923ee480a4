//! Shrinking a collection.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "shrink",
    habit: "a collection is shrunk",
    advice: "keep the spare capacity inside the region: shrinking reallocates from {old} to {size} bytes",
    calls: &[
        Call::of("alloc::vec", "shrink_to_fit shrink_to into_boxed_slice"),
        Call::of("alloc::string", "shrink_to_fit shrink_to into_boxed_str"),
        Call::of("alloc::collections", "shrink_to_fit shrink_to"),
        Call::of("std::collections::hash", "shrink_to_fit shrink_to"),
        Call::of("std::path", "shrink_to_fit into_boxed_path"),
        Call::of("std::ffi::os_str", "shrink_to_fit into_boxed_os_str"),
    ],
    ..Entry::COMMON
};
