//! Capturing a backtrace.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "backtrace",
    habit: "a `Backtrace` is captured",
    advice: "capture no backtrace inside the region: pass an error code out and capture it there",
    calls: &[Call::any_of("std::backtrace")],
    ..Entry::COMMON
};
