//! `to_string`.

use crate::entry::{Call, Entry, Reach};
use crate::writes::STRING_WRITES;

pub(super) const ENTRY: Entry = Entry {
    id: "to-string",
    habit: "`to_string` makes a `String`",
    advice: "write with `write!` into a String reserved outside the region, or pass the value: `to_string` allocates",
    calls: &[Call::of("alloc::string", "to_string spec_to_string")],
    reach: Reach::Region(STRING_WRITES),
    ..Entry::COMMON
};
