//! Cloning a `String`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "string-clone",
    habit: "a `String` is cloned",
    advice: "borrow the String, or `clone_from` into one reserved outside the region",
    calls: &[Call::of("alloc::string", "clone")],
    ..Entry::COMMON
};
