//! Boxing a future for each call.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "box-pin",
    habit: "a future or value is boxed and pinned",
    advice: "pin on the stack with `std::pin::pin!`, reuse one pinned Box, or take it from a `qadapt_pool::Pool`",
    calls: &[Call::of("alloc::boxed", "pin pin_in")],
    ..Rule::COMMON
};
