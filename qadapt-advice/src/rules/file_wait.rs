//! Opening, reading and writing files.

use crate::rule::{Call, On, Rule};

pub(super) const RULE: Rule = Rule {
    id: "file-wait",
    habit: "a file is opened, read or written",
    advice: "read and write files outside the region: on a thread that may wait, in a task with `spawn_blocking`",
    calls: &[Call::any_of("std::fs")],
    on: On::WAIT,
    ..Rule::COMMON
};
