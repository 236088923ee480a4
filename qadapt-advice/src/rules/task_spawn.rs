//! Spawning a task.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "task-spawn",
    habit: "a task is spawned",
    advice: "spawn the tasks outside the region and send them work: each spawned task is allocated",
    calls: &[
        Call::of("tokio::task", "spawn spawn_local spawn_blocking spawn_on spawn_local_on"),
        Call::of("tokio::runtime", "spawn spawn_local spawn_blocking spawn_named"),
        Call::of("async_std::task", "spawn"),
        Call::of("async_executor", "spawn"),
        Call::of("futures_executor", "spawn spawn_obj"),
        Call::of("futures_util::stream::futures_unordered", "push"),
    ],
    ..Entry::COMMON
};
