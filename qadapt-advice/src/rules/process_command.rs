//! Starting a process.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "process-command",
    habit: "a process is prepared or started",
    advice: "start processes outside the region: `Command` allocates for each argument",
    calls: &[Call::any_of("std::process"), Call::any_of("std::sys::process")],
    ..Entry::COMMON
};
