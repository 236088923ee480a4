//! Collecting into a `String`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-string",
    habit: "an iterator is collected into a `String`",
    advice: "clear a String reserved outside the region and `extend` it instead of collecting",
    calls: &[Call::of("core::iter::traits::iterator", "collect")],
    through: &[Call::of("alloc::string", "from_iter")],
    ..Entry::COMMON
};
