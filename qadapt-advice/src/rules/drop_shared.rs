//! Dropping the last reference.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "drop-shared",
    habit: "the last `Arc` or `Rc` of a value is dropped",
    advice: "keep a clone of the Arc or Rc outside the region, or defer its free (`qadapt::Deferring`)",
    calls: &[
        Call::drop_of("alloc::sync::Arc<"),
        Call::drop_of("alloc::rc::Rc<"),
        Call::drop_of("alloc::sync::Weak<"),
        Call::drop_of("alloc::rc::Weak<"),
    ],
    on: On::FREE,
    ..Entry::COMMON
};
