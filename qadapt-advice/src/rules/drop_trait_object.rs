//! Dropping a boxed trait object.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-trait-object",
    habit: "a boxed closure, future or other trait object is dropped",
    advice: "take it as `&dyn Trait`, hand it back, defer its free (`qadapt::Deferring`), or wrap it in `qadapt::PermitDrop`",
    calls: &[Call::drop_of("alloc::boxed::Box<dyn "), Call::drop_of("alloc::boxed::Box<(dyn ")],
    on: On::FREE,
    ..Entry::COMMON
};
