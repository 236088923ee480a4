//! Sending on a bounded async channel that keeps no room for its bound: futures' makes a node for each message, and Tokio's
//! uses its blocks again only while the receiver keeps up.

use crate::entry::{Call, Entry};
use crate::on::On;

/// Tokio's senders and permits. An async method's own code is a closure; no other closure there makes a block.
const TOKIO: Call = Call::of(
    "tokio::sync::mpsc::bounded",
    "send try_send blocking_send {{closure}} {closure#0} {async_fn#0}",
);

pub(super) const ENTRY: Entry = Entry {
    id: "bounded-send",
    habit: "a send makes a block or node of a bounded async channel's queue",
    advice: "use `async_channel::bounded`, and pass one message through it outside the region: this one's bound is no room",
    calls: &[TOKIO, Call::of("futures_channel::mpsc", "try_send start_send do_send_b")],
    // A `start_send` has the same name on both kinds of senders.
    through: &[TOKIO, Call::of("futures_channel::mpsc", "try_send do_send_b")],
    on: On::NEW,
    ..Entry::COMMON
};
