//! Opening, reading and writing files.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "file-wait",
    habit: "a file is opened, read or written",
    advice: "read and write files outside the region: on a thread that may wait, in a task with `spawn_blocking`",
    calls: &[Call::any_of("std::fs")],
    on: On::WAIT,
    ..Entry::COMMON
};
