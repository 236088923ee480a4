//! Starting a process or waiting for it.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "process-start",
    habit: "a process is started or waited for",
    advice: "start processes on a thread that may wait, outside the region",
    calls: &[Call::of("std::process", "spawn status output wait wait_with_output try_wait kill")],
    on: On::WAIT,
    ..Entry::COMMON
};
