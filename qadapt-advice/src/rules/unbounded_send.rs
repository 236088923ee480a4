//! Sending on an unbounded async channel.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "unbounded-send",
    habit: "a send makes a block or node of an async channel's queue",
    advice: "use a bounded channel made outside the region: an unbounded one allocates as it is sent to",
    calls: &[
        Call::of("tokio::sync::mpsc", "send try_send"),
        Call::of("futures_channel::mpsc", "unbounded_send start_send try_send do_send_nb do_send_b"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
