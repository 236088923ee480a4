//! `Arc::new`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "arc-new",
    habit: "an `Arc` is made",
    advice: "make the `Arc` outside the region and clone it inside, or send plain values: `Arc::new` allocates",
    calls: &[Call::of("alloc::sync", &["new", "new_in", "new_cyclic", "pin", "default", "new_uninit"])],
    ..Rule::COMMON
};
