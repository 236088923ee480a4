//! The first element of a `Vec`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "vec-first-push",
    habit: "a `Vec` without capacity gets its first elements",
    advice: "make the Vec with its capacity outside the region: its first elements allocated {size} bytes",
    calls: &[Call::of(
        "alloc::vec",
        "push push_mut insert insert_mut extend extend_from_slice extend_from_within append resize resize_with reserve reserve_exact try_reserve try_reserve_exact extend_one extend_reserve splice write write_all",
    )],
    on: On::NEW,
    ..Entry::COMMON
};
