//! Building paths and OS strings.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "path-join",
    habit: "a path or OS string is built",
    advice: "build the path outside the region, or `push` to a PathBuf reserved there",
    calls: &[
        Call::of(
            "std::path",
            "join _join push _push with_extension with_file_name set_extension set_file_name to_path_buf to_owned from clone from_iter extend components",
        ),
        Call::of("std::ffi::os_str", "from push to_os_string to_owned clone"),
    ],
    ..Entry::COMMON
};
