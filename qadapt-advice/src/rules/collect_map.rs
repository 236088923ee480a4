//! Collecting into a hash map or set.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "collect-map",
    habit: "an iterator is collected into a hash map or set",
    advice: "make the map outside the region, reserve its capacity, and `extend` it instead of collecting",
    calls: &[Call::of("core::iter::traits::iterator", "collect")],
    through: &[Call::of("std::collections::hash", "from_iter"), Call::of("hashbrown", "from_iter")],
    ..Entry::COMMON
};
