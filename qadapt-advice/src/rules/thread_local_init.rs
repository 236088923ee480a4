//! Making a thread-local on first use.

use crate::entry::{Call, Entry, Reach};

pub(super) const ENTRY: Entry = Entry {
    id: "thread-local-init",
    habit: "a thread-local makes its value on the thread's first use",
    advice: "touch the thread-local once on each thread outside the region; without a destructor a `const` block is enough",
    calls: &[
        Call::of("std::sys::thread_local", "get_or_init_slow initialize try_initialize"),
        Call::of("std::thread::local", "initialize_with"),
    ],
    reach: Reach::Region(&[]),
    once: true,
    ..Entry::COMMON
};
