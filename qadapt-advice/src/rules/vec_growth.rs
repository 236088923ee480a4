//! Growing a `Vec`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "vec-growth",
    habit: "a `Vec` grows beyond its capacity",
    advice: "reserve the capacity outside the region: the Vec grew from {old} to {size} bytes",
    calls: &[Call::of(
        "alloc::vec",
        "push push_mut insert insert_mut extend extend_from_slice extend_from_within append resize resize_with reserve reserve_exact try_reserve try_reserve_exact extend_one extend_reserve splice write write_all",
    )],
    on: On::GROWTH,
    ..Entry::COMMON
};
