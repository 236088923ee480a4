//! A oneshot channel for each request.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "oneshot",
    habit: "a oneshot channel is made",
    advice: "keep a pool of reply slots made outside the region: a oneshot channel allocates for each request",
    calls: &[
        Call::of("tokio::sync::oneshot", "channel"),
        Call::of("futures_channel::oneshot", "channel"),
        Call::of("oneshot", "channel"),
        Call::of("std::sync::oneshot", "channel"),
    ],
    ..Rule::COMMON
};
