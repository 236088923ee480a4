//! `Rc::new`.

use crate::rule::{Call, Rule};

pub(super) const RULE: Rule = Rule {
    id: "rc-new",
    habit: "an `Rc` is made",
    advice: "make the `Rc` outside the region and clone it inside, or pass plain references: `Rc::new` allocates",
    calls: &[Call::of("alloc::rc", "new new_in new_cyclic pin default new_uninit")],
    ..Rule::COMMON
};
