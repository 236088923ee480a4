//! Growing a `String`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "string-growth",
    habit: "a `String` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the String grew from {old} to {size} bytes",
    calls: &[Call::of(
        "alloc::string",
        "push push_str insert insert_str extend extend_from_within add add_assign reserve reserve_exact try_reserve write_str write_char",
    )],
    on: On::NEW.or(On::GROWTH),
    ..Entry::COMMON
};
