//! Logging.

use crate::entry::{Call, Entry, Reach};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "log-wait",
    habit: "a record is logged, and the logger writes it at once",
    advice: "push a record of fixed size to a queue, and log it on another thread, as `tracing_appender::non_blocking` does",
    calls: &[Call::any_of("log::__private_api"), Call::of("tracing_core::event", "dispatch child_of")],
    on: On::WAIT,
    // Beyond a logger of the user's own.
    reach: Reach::Region(&[
        Call::any_of("std::io::stdio"),
        Call::any_of("std::fs"),
        Call::any_of("std::net"),
        Call::any_of("std::os::unix::net"),
    ]),
    ..Entry::COMMON
};
