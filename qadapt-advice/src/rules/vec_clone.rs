//! Cloning a `Vec`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "vec-clone",
    habit: "a `Vec` is cloned",
    advice: "borrow the Vec, or `clone_from` into one reserved outside the region",
    calls: &[Call::of("alloc::vec", "clone")],
    ..Entry::COMMON
};
