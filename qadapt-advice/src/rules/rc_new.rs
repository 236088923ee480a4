//! `Rc::new`.

use crate::entry::{Call, Entry};

pub(super) const ENTRY: Entry = Entry {
    id: "rc-new",
    habit: "an `Rc` is made",
    advice: "make the `Rc` outside the region and clone it inside, or pass plain references: `Rc::new` allocates",
    calls: &[Call::of("alloc::rc", "new new_in new_cyclic pin default new_uninit")],
    ..Entry::COMMON
};
