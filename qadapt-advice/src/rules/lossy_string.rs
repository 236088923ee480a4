//! Converting bytes or UTF-16 to a `String`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "lossy-string",
    habit: "bytes that are not UTF-8, or UTF-16, are converted to a `String`",
    advice: "check with `str::from_utf8` and borrow: a lossy conversion of invalid text allocates",
    calls: &[
        Call::of("alloc::string", "from_utf8_lossy from_utf8_lossy_owned from_utf16 from_utf16_lossy"),
        Call::of("std::ffi::os_str", "to_string_lossy"),
        Call::of("std::path", "to_string_lossy"),
        Call::of("alloc::ffi::c_str", "to_string_lossy"),
    ],
    ..Entry::COMMON
};
