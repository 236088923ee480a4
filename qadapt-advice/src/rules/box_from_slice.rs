//! Copying a slice into a `Box`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "box-from-slice",
    habit: "a slice or `str` is copied into a `Box`",
    advice: "borrow the slice, or copy it into a buffer made outside the region: `Box::from` allocates {size} bytes",
    calls: &[Call::of("alloc::boxed", "from clone_from_ref")],
    through: &[Call::of("alloc::boxed", "clone_from_ref clone_from_ref_in from_slice")],
    ..Entry::COMMON
};
