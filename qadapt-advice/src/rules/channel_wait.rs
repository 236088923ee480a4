//! Waiting on a channel for the first time.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "channel-wait",
    habit: "a thread waits on a channel for the first time",
    advice: "call `qadapt::warm_up()` at the start of the thread: its first wait on a channel allocates",
    calls: &[
        Call::of("std::sync::mpsc", &["recv", "recv_timeout", "recv_deadline", "send", "next"]),
        Call::of("std::sync::mpmc", &["recv", "recv_timeout", "recv_deadline", "send", "send_timeout"]),
        Call::of("crossbeam_channel", &["recv", "recv_timeout", "send", "send_timeout"]),
    ],
    through: &[Call::any_of("std::sync::mpmc::context"), Call::any_of("crossbeam_channel::context")],
    on: On::NEW,
    ..Rule::COMMON
};
