//! Sockets that block.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "socket-wait",
    habit: "a socket is read, written or connected, and waits",
    advice: "make the socket non-blocking, and let a thread or a runtime that may wait ask when it is ready",
    calls: &[
        Call::any_of("std::net::tcp"),
        Call::any_of("std::net::udp"),
        Call::any_of("std::os::unix::net"),
    ],
    on: On::WAIT,
    ..Entry::COMMON
};
