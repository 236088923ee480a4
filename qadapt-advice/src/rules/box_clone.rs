//! Cloning a `Box`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "box-clone",
    habit: "a `Box` is cloned",
    advice: "borrow the value, or copy it with `clone_from` into a Box made outside the region",
    calls: &[Call::of("alloc::boxed", "clone")],
    ..Entry::COMMON
};
