//! Taking a lock.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "lock-wait",
    habit: "a lock is taken, which another thread may hold",
    advice: "use `try_lock` or `try_read`, an atomic, or a queue; in a task hold no guard over an `.await`, or use tokio's locks",
    calls: &[
        Call::of("std::sync::poison::mutex", "lock"),
        Call::of("std::sync::poison::rwlock", "read write"),
        Call::of("lock_api", "lock read write upgradable_read"),
    ],
    on: On::WAIT,
    ..Entry::COMMON
};
