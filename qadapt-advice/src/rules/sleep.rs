//! Sleeping.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "sleep",
    habit: "a thread sleeps or is parked",
    advice: "wait outside the region, in a task with `tokio::time::sleep`",
    calls: &[Call::of("std::thread", "sleep sleep_ms sleep_until park park_timeout park_timeout_ms")],
    on: On::WAIT,
    ..Entry::COMMON
};
