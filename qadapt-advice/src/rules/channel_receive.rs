//! Receiving from a channel that frees its blocks.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "channel-receive",
    habit: "a receive frees a block of the channel's queue",
    advice: "read from a bounded queue made outside the region: a `sync_channel`, or for a proof a `crossbeam_queue::ArrayQueue`",
    calls: &[
        Call::of("std::sync::mpsc", "recv try_recv recv_timeout next try_next"),
        Call::of("std::sync::mpmc", "recv try_recv recv_timeout"),
        Call::of("crossbeam_channel", "recv try_recv recv_timeout"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
