//! Spawning a thread.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "thread-spawn",
    habit: "a thread is spawned",
    advice: "spawn the thread outside the region and send it work: each spawn allocates",
    calls: &[Call::of("std::thread", "spawn spawn_unchecked spawn_unchecked_ spawn_scoped scope")],
    ..Entry::COMMON
};
