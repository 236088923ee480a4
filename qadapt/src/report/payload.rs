//! The panic that a report is owed as.

use std::panic::panic_any;

use crate::hot::own_blocks::{self, Raising};

/// Panics with the report, at the caller's line. What the panic itself allocates is QADAPT's own, and so is what is freed
/// with its payload.
#[track_caller]
pub(crate) fn raise(report: String) -> ! {
    own_blocks::own(report.as_ptr().expose_provenance(), report.capacity());
    let _raising = Raising::begin();
    panic_any(report)
}
