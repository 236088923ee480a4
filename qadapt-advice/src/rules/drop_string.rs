//! Dropping a string or path.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-string",
    habit: "a `String`, `PathBuf` or the like is dropped",
    advice: "take it as `&str` (`&Path`), hand it back, defer its free (`qadapt::Deferring`), or wrap it in `qadapt::PermitDrop`",
    calls: &[
        Call::drop_of("alloc::string::String"),
        Call::drop_of("std::path::PathBuf"),
        Call::drop_of("std::ffi::os_str::OsString"),
        Call::drop_of("alloc::ffi::c_str::CString"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
