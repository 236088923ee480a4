//! Sending on an unbounded async channel.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "unbounded-send",
    habit: "a send makes a block or node of an unbounded async channel's queue",
    advice: "use `async_channel::bounded`, and pass one message through it outside the region: an unbounded one allocates",
    calls: &[
        Call::of("tokio::sync::mpsc::unbounded", "send"),
        Call::of("futures_channel::mpsc", "unbounded_send start_send do_send_nb"),
    ],
    // A `start_send` has the same name on both kinds of senders.
    through: &[
        Call::of("tokio::sync::mpsc::unbounded", "send"),
        Call::of("futures_channel::mpsc", "unbounded_send do_send_nb"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
