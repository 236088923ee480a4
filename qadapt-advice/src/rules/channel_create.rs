//! Making a channel.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "channel-create",
    habit: "a channel is made",
    advice: "make the channel outside the region and pass its ends in",
    calls: &[
        Call::of("std::sync::mpsc", "channel sync_channel"),
        Call::of("std::sync::mpmc", "channel sync_channel"),
        Call::of("crossbeam_channel", "bounded unbounded"),
        Call::of("tokio::sync::mpsc", "channel unbounded_channel"),
        Call::of("tokio::sync::broadcast", "channel"),
        Call::of("tokio::sync::watch", "channel"),
        Call::of("futures_channel::mpsc", "channel unbounded"),
    ],
    ..Entry::COMMON
};
