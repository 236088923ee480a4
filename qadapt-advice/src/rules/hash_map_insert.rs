//! Inserting into a `HashMap`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "hash-map-insert",
    habit: "a `HashMap` makes or grows its table",
    advice: "reserve the HashMap's capacity outside the region: an insert made it change its table",
    calls: &[
        Call::of(
            "std::collections::hash::map",
            "insert try_insert entry or_insert extend reserve try_reserve",
        ),
        Call::of(
            "hashbrown::map",
            "insert try_insert entry entry_ref rustc_entry extend reserve try_reserve",
        ),
    ],
    ..Entry::COMMON
};
