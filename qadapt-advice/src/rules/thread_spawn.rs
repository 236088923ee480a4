//! Spawning a thread.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "thread-spawn",
    habit: "a thread is spawned",
    advice: "spawn the thread outside the region and send it work: each spawn allocates",
    calls: &[Call::of("std::thread", "spawn spawn_unchecked spawn_unchecked_ spawn_scoped scope")],
    ..Rule::COMMON
};
