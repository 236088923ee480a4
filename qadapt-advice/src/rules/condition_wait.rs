//! Waiting for another thread.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "condition-wait",
    habit: "a thread waits for another: on a condition variable, a channel, or for its end",
    advice: "wait on a thread of its own; here ask with `try_recv`, `is_finished`, or an atomic",
    calls: &[
        Call::of(
            "std::sync::poison::condvar",
            "wait wait_while wait_timeout wait_timeout_while wait_timeout_ms",
        ),
        Call::of("std::sync::barrier", "wait"),
        Call::of("std::sync::mpsc", "recv recv_timeout recv_deadline send next"),
        Call::of("crossbeam_channel", "recv recv_timeout send send_timeout"),
        Call::of("std::thread", "join scope"),
    ],
    on: On::WAIT,
    ..Entry::COMMON
};
