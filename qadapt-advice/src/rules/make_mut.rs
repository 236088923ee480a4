//! Copy-on-write of a shared value.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "make-mut",
    habit: "`make_mut` clones a value that is shared",
    advice: "change the value while it is not shared, or keep a spare copy outside: `make_mut` clones a shared value",
    calls: &[Call::of("alloc::sync", "make_mut"), Call::of("alloc::rc", "make_mut")],
    ..Entry::COMMON
};
