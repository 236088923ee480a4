//! Making a lazy value on first use.

use crate::entry::{Call, Entry, Reach};

pub(super) const ENTRY: Entry = Entry {
    id: "lazy-init",
    habit: "a `LazyLock`, `OnceLock` or the like makes its value",
    advice: "touch the lazy value once outside the region, before it is first needed",
    calls: &[
        Call::of("std::sync::lazy_lock", "force deref"),
        Call::of("std::sync::once_lock", "get_or_init get_or_try_init initialize"),
        Call::of("std::sync::once", "call_once call_once_force call"),
        Call::of("std::sync::poison::once", "call_once call_once_force"),
        Call::of("core::cell::lazy", "force deref really_init"),
        Call::of("core::cell::once", "get_or_init get_or_try_init try_init"),
        Call::of("once_cell", "get_or_init get_or_try_init force deref initialize"),
        Call::of("lazy_static", "get"),
    ],
    reach: Reach::Region(&[]),
    once: true,
    ..Entry::COMMON
};
