//! Waiting on a channel for the first time.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "channel-wait",
    habit: "a thread or a channel waits for the first time",
    advice: "wait on the channel once outside the region: a thread's first wait allocates, and a channel's first too",
    calls: &[
        Call::of("std::sync::mpsc", "recv recv_timeout recv_deadline send next"),
        Call::of("std::sync::mpmc", "recv recv_timeout recv_deadline send send_timeout"),
        Call::of("crossbeam_channel", "recv recv_timeout send send_timeout"),
    ],
    through: &[Call::any_of("std::sync::mpmc::context"), Call::any_of("crossbeam_channel::context")],
    on: On::NEW,
    once: true,
    ..Entry::COMMON
};
