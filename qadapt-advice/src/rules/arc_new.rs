//! `Arc::new`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "arc-new",
    habit: "an `Arc` is made",
    advice: "make the `Arc` outside and clone it inside, send plain values, or `share` in a `qadapt_pool::Pool`",
    calls: &[Call::of("alloc::sync", "new new_in new_cyclic pin default new_uninit")],
    ..Entry::COMMON
};
