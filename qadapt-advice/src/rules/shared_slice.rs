//! Copying a slice into an `Arc` or `Rc`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "shared-slice",
    habit: "a slice or `str` is copied into an `Arc` or `Rc`",
    advice: "make the `Arc<[T]>` or `Rc<str>` outside the region and clone it inside: `from` copies {size} bytes",
    calls: &[Call::of("alloc::sync", "from from_iter"), Call::of("alloc::rc", "from from_iter")],
    ..Entry::COMMON
};
