//! Sockets that block.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "socket-wait",
    habit: "a socket is read, written or connected, and waits",
    advice: "make the socket non-blocking, and let a thread or a runtime that may wait ask when it is ready",
    calls: &[
        Call::any_of("std::net::tcp"),
        Call::any_of("std::net::udp"),
        Call::any_of("std::os::unix::net"),
    ],
    on: On::WAIT,
    ..Rule::COMMON
};
