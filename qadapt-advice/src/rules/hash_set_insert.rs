//! Inserting into a `HashSet`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "hash-set-insert",
    habit: "a `HashSet` makes or grows its table",
    advice: "reserve the HashSet's capacity outside the region: an insert made it change its table",
    calls: &[
        Call::of(
            "std::collections::hash::set",
            "insert replace get_or_insert_with extend reserve try_reserve",
        ),
        Call::of("hashbrown::set", "insert replace get_or_insert_with extend reserve try_reserve"),
    ],
    ..Entry::COMMON
};
