//! Collecting into a `Vec`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-vec",
    habit: "an iterator is collected into a `Vec`, a boxed slice or the like",
    advice: "use the iterator itself (split, map and filter are lazy), or `extend` a Vec reserved outside the region",
    calls: &[Call::of("core::iter::traits::iterator", "collect")],
    through: &[Call::of("alloc::vec", "from_iter")],
    ..Entry::COMMON
};
