//! Dropping a string or path.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "drop-string",
    habit: "a `String`, `PathBuf` or the like is dropped",
    advice: "take the string as `&str` (a path as `&Path`), hand it back, or wrap it in `qadapt::PermitDrop`",
    calls: &[
        Call::drop_of("alloc::string::String"),
        Call::drop_of("std::path::PathBuf"),
        Call::drop_of("std::ffi::os_str::OsString"),
        Call::drop_of("alloc::ffi::c_str::CString"),
    ],
    on: On::FREE,
    ..Rule::COMMON
};
