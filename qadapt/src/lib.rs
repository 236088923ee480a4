//! QADAPT guards code against heap allocation.

pub use hot::allocator::{QADAPT, Qadapt};
pub use model::{Budget, Counts, Measured, Mode, Op, Ops, UnknownMode};
pub use qadapt_macro::{allocate_panic, no_alloc, permit_alloc};
pub use region::{
    PermitDrop, Policy, Region, assert_no_alloc, count_alloc, enter_protected, exit_protected, permit_alloc,
    protection_level, set_mode, sweep, take_violations, violations, warm_up,
};
pub use report::{Site, Violation, is_active, set_violation_hook};

mod checks;
mod hot;
mod model;
mod region;
mod report;

/// What the attributes expand to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::Place;
    pub use crate::region::{guard_future, no_alloc, permit_alloc, permit_future};
}
