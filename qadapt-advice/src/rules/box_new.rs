//! `Box::new`, boxed closures included.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "box-new",
    habit: "a value is boxed",
    advice: "keep the value on the stack (a closure: `&dyn Fn`), make the Box outside, or take it from a `qadapt_pool::Pool`",
    calls: &[Call::of(
        "alloc::boxed",
        "new new_in try_new default from new_zeroed new_uninit_slice new_zeroed_slice",
    )],
    ..Entry::COMMON
};
