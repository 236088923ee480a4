//! Making a borrowed `Cow` owned.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "cow-into-owned",
    habit: "a borrowed `Cow` is made owned",
    advice: "keep the Cow borrowed: `into_owned` and `to_mut` copy it",
    calls: &[Call::of("alloc::borrow", "into_owned to_mut")],
    ..Entry::COMMON
};
