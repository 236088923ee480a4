//! Making a C string.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "c-string",
    habit: "a `CString` is made",
    advice: "write a C string literal (`c\"..\"`), or make the CString outside the region",
    calls: &[
        Call::of("alloc::ffi::c_str", "new from clone into_owned to_owned"),
        Call::of("std::ffi::c_str", "new from clone"),
    ],
    ..Entry::COMMON
};
