//! Boxing a future for each call.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "box-pin",
    habit: "a future or value is boxed and pinned",
    advice: "pin on the stack with `std::pin::pin!`, or reuse one pinned Box: `Box::pin` allocates on each call",
    calls: &[Call::of("alloc::boxed", &["pin", "pin_in"])],
    ..Rule::COMMON
};
