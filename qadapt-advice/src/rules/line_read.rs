//! Reading lines.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "line-read",
    habit: "a line is read into a new or growing buffer",
    advice: "read with `read_line` into a String reserved outside the region and cleared each time, not with `lines`",
    calls: &[Call::of("std::io", "read_line read_until append_to_string next")],
    ..Entry::COMMON
};
