//! Sending on an unbounded channel.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "channel-send",
    habit: "a send makes a block of an unbounded channel's queue",
    advice: "use a bounded channel (`sync_channel`), made outside the region: an unbounded one allocates as it is sent to",
    calls: &[
        Call::of("std::sync::mpsc", "send"),
        Call::of("std::sync::mpmc", "send try_send"),
        Call::of("crossbeam_channel", "send try_send"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
