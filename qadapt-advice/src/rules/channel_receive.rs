//! Receiving from a channel that frees its blocks.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "channel-receive",
    habit: "a receive frees a block of the channel's queue",
    advice: "use a bounded channel (`sync_channel`), made outside the region: an unbounded one frees as it is read",
    calls: &[
        Call::of("std::sync::mpsc", "recv try_recv recv_timeout next try_next"),
        Call::of("std::sync::mpmc", "recv try_recv recv_timeout"),
        Call::of("crossbeam_channel", "recv try_recv recv_timeout"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
