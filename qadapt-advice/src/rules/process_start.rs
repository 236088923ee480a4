//! Starting a process or waiting for it.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "process-start",
    habit: "a process is started or waited for",
    advice: "start processes on a thread that may wait, outside the region",
    calls: &[Call::of("std::process", "spawn status output wait wait_with_output try_wait kill")],
    on: On::WAIT,
    ..Rule::COMMON
};
