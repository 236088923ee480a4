//! Dropping a map or set.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-map",
    habit: "a map or set is dropped",
    advice: "take the map by reference, defer its free (`qadapt::Deferring`), or wrap it in `qadapt::PermitDrop`: it frees memory",
    calls: &[
        Call::drop_of("std::collections::hash::"),
        Call::drop_of("hashbrown::map::"),
        Call::drop_of("hashbrown::set::"),
        Call::drop_of("alloc::collections::btree::"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
