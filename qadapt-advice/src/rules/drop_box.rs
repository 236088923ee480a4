//! Dropping a `Box`.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-box",
    habit: "a `Box` is dropped",
    advice: "take the Box by reference, defer it (`qadapt::Deferring`), or wrap it in `qadapt::PermitDrop`: it frees {size} bytes",
    calls: &[Call::drop_of("alloc::boxed::Box<")],
    on: On::FREE,
    ..Entry::COMMON
};
