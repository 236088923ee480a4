//! Sending on an unbounded async channel.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "unbounded-send",
    habit: "a send makes a block or node of an async channel's queue",
    advice: "use a bounded channel made outside the region: an unbounded one allocates as it is sent to",
    calls: &[
        Call::of("tokio::sync::mpsc", "send try_send"),
        Call::of("futures_channel::mpsc", "unbounded_send start_send try_send do_send_nb do_send_b"),
    ],
    on: On::NEW,
    ..Rule::COMMON
};
