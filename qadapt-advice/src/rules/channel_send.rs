//! Sending on an unbounded channel.
//!
//! Std sends on channels of all kinds with one function, so that a proof sees a bounded one allocate too, and its frames are the same.
//! The line is right for both.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "channel-send",
    habit: "a send makes a block of an unbounded channel's queue",
    advice: "use a bounded queue, made outside the region: `sync_channel`, or to have that proven `crossbeam_queue::ArrayQueue`",
    calls: &[
        Call::of("std::sync::mpsc", "send"),
        Call::of("std::sync::mpmc", "send try_send"),
        Call::of("crossbeam_channel", "send try_send"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
