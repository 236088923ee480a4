//! Dropping a `Vec` or `VecDeque`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-vec",
    habit: "a `Vec` or `VecDeque` is dropped",
    advice: "take it by reference, defer its free (`qadapt::Deferring`), or wrap it in `qadapt::PermitDrop`: it frees {size} bytes",
    calls: &[
        Call::drop_of("alloc::vec::Vec<"),
        Call::drop_of("alloc::vec::into_iter::IntoIter<"),
        Call::drop_of("alloc::collections::vec_deque::"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
