//! Starting a process.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "process-command",
    habit: "a process is prepared or started",
    advice: "start processes outside the region: `Command` allocates for each argument",
    // Not all of `std::process`: `exit` frees memory, too.
    calls: &[Call::of("std::process", STEPS), Call::any_of("std::sys::process")],
    ..Entry::COMMON
};

/// What prepares a process, starts it, and collects what it writes.
const STEPS: &str = "new arg args arg0 env envs env_remove env_clear current_dir stdin stdout stderr spawn status output exec \
                     wait_with_output";
