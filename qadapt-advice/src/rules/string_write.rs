//! `write!` to a `String` that is too small.

use crate::entry::{Call, Entry, Reach};
use crate::on::On;
use crate::writes::STRING_WRITES;

pub(super) const ENTRY: Entry = Entry {
    id: "string-write",
    habit: "`write!` grows a `String` beyond its capacity",
    advice: "reserve more capacity outside the region: `write!` grew the String from {old} to {size} bytes",
    // `write` alone where a dependency is optimised at level 1: its `write_fmt`, which all share, jumps there.
    calls: &[Call::of("core::fmt", "write write_fmt"), Call::of("alloc::string", "write_fmt")],
    through: STRING_WRITES,
    on: On::NEW.or(On::GROWTH),
    reach: Reach::Region(STRING_WRITES),
    ..Entry::COMMON
};
