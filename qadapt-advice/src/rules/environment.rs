//! Reading the process's environment.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "environment",
    habit: "the environment, arguments or working directory is read",
    advice: "read the environment once outside the region and pass the value in",
    calls: &[Call::of(
        "std::env",
        "var _var var_os _var_os vars vars_os args args_os current_dir current_exe temp_dir home_dir join_paths",
    )],
    ..Entry::COMMON
};
