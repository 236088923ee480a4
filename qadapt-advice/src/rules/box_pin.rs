//! Boxing a future for each call.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "box-pin",
    habit: "a future or value is boxed and pinned",
    advice: "pin on the stack with `std::pin::pin!`, reuse one pinned Box, or take it from a `qadapt_pool::Pool`",
    calls: &[Call::of("alloc::boxed", "pin pin_in")],
    ..Entry::COMMON
};
