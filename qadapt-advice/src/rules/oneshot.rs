//! A oneshot channel for each request.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "oneshot",
    habit: "a oneshot channel is made",
    advice: "keep a pool of reply slots made outside the region: a oneshot channel allocates for each request",
    calls: &[
        Call::of("tokio::sync::oneshot", "channel"),
        Call::of("futures_channel::oneshot", "channel"),
        Call::of("oneshot", "channel"),
        Call::of("std::sync::oneshot", "channel"),
    ],
    ..Entry::COMMON
};
