//! Dropping a caught panic.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "panic-payload",
    habit: "the payload of a caught panic is dropped",
    advice: "return the payload of the caught panic from the region and drop it outside",
    calls: &[
        Call::drop_of("alloc::boxed::Box<dyn core::any::Any"),
        Call::drop_of("alloc::boxed::Box<(dyn core::any::Any"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
