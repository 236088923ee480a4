//! Reading a whole file.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "file-read",
    habit: "a whole file or stream is read into a new buffer",
    advice: "read into a buffer reserved outside the region (`File::read`), or read the file there",
    calls: &[
        Call::of("std::fs", "read read_to_string read_to_end"),
        Call::of("std::io", "read_to_end read_to_string"),
    ],
    ..Entry::COMMON
};
