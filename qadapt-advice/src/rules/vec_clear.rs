//! Removing elements that own memory.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "vec-clear",
    habit: "elements that own memory are removed from a `Vec`",
    advice: "reuse the elements (`String::clear` each), or defer their frees (`qadapt::Deferring`): it frees {size} bytes",
    calls: &[Call::of("alloc::vec", "clear truncate retain retain_mut drain dedup_by resize resize_with")],
    on: On::FREE,
    ..Entry::COMMON
};
