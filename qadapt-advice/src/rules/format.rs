//! `format!`.

use crate::entry::{Call, Entry, Reach};
use crate::writes::STRING_WRITES;

pub(super) const ENTRY: Entry = Entry {
    id: "format",
    habit: "`format!` makes a `String`",
    advice: "write with `write!` into a String reserved outside the region, or into a byte array: `format!` allocates",
    calls: &[Call::of("alloc::fmt", "format format_inner")],
    reach: Reach::Region(STRING_WRITES),
    ..Entry::COMMON
};
