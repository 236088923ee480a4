//! `vec![..]`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "vec-macro",
    habit: "`vec![..]` makes a `Vec`",
    advice: "use an array instead of `vec![..]`, or `resize` a Vec reserved outside the region",
    calls: &[
        Call::of("alloc::vec", "from_elem"),
        Call::of("alloc::boxed", "new_uninit"),
        Call::of("alloc::alloc", "exchange_malloc"),
    ],
    on: On::NEW,
    ..Entry::COMMON
};
