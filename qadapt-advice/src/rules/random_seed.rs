//! The first random numbers of a thread.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "random-seed",
    habit: "a thread asks the system for random numbers, as its first `HashMap` does",
    advice: "make one `HashMap` per thread before the region, or use a hasher with a seed of its own",
    calls: &[Call::of("std::hash::random", "new default")],
    on: On::WAIT,
    ..Entry::COMMON
};
