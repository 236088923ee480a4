//! Errors in boxes.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "boxed-error",
    habit: "an error is boxed",
    advice: "return an enum or a `&'static str` as the error: `Box<dyn Error>` allocates",
    calls: &[
        Call::of("core::result", "from_residual"),
        Call::of("alloc::boxed", "from").mentioning("dyn core::error::Error"),
    ],
    through: &[Call::of("alloc::boxed", "from")],
    ..Entry::COMMON
};
