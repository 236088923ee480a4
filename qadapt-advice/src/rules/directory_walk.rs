//! Listing a directory or resolving a path.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "directory-walk",
    habit: "the file system is asked for names",
    advice: "list directories and resolve paths outside the region: each name is allocated",
    calls: &[
        Call::of("std::fs", "read_dir canonicalize read_link next path file_name"),
        Call::of("std::path", "read_dir canonicalize read_link"),
        Call::of("std::sys::fs", "read_dir readdir canonicalize readlink"),
    ],
    ..Entry::COMMON
};
