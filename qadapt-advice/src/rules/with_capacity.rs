//! Making a collection with capacity.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "with-capacity",
    habit: "a collection is made with capacity",
    advice: "make the collection outside the region and pass it in as `&mut`: `clear` keeps its capacity",
    calls: &[
        Call::of("alloc::vec", "with_capacity with_capacity_in try_with_capacity"),
        Call::of("alloc::string", "with_capacity try_with_capacity"),
        Call::of("alloc::collections", "with_capacity with_capacity_in"),
        Call::of("std::collections::hash", "with_capacity with_capacity_and_hasher"),
        Call::of("hashbrown", "with_capacity with_capacity_and_hasher with_capacity_in"),
        Call::of("std::path", "with_capacity"),
        Call::of("std::ffi::os_str", "with_capacity"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
