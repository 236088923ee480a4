//! Partitioning or unzipping an iterator.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "partition",
    habit: "an iterator is partitioned or unzipped into new collections",
    advice: "push in a loop into two collections reserved outside the region instead of `partition` or `unzip`",
    calls: &[Call::of("core::iter::traits::iterator", "partition unzip")],
    ..Entry::COMMON
};
