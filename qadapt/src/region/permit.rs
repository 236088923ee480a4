//! Permits: exemptions inside a region.

use super::scope::Permit;
use crate::checks;
use crate::mark;
use crate::model::Place;

/// Runs a closure that may touch the allocator, inside a protected region.
///
/// The regions around it are suspended on this thread until the closure returns or unwinds, unless one of them
/// [forbids](crate::Policy::forbid) that. A region opened inside the closure protects again. Outside of any region it
/// just calls the closure.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let line = qadapt::assert_no_alloc(|| {
///     // .. work that must not allocate ..
///     qadapt::permit_alloc(|| format!("{} frames late", 3))
/// });
/// assert_eq!(line, "3 frames late");
/// ```
/// For some operations only: a policy inside protects against the others.
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Ops, Policy, assert_no_alloc, permit_alloc};
///
/// const FREES_ONLY: Policy = Policy::new().allow(Ops::DEALLOC);
///
/// let batch = vec![1, 2, 3];
/// assert_no_alloc(|| permit_alloc(|| FREES_ONLY.run(|| drop(batch))));
/// ```
#[inline(always)]
#[track_caller]
pub fn permit_alloc<R>(body: impl FnOnce() -> R) -> R {
    if !checks::ON {
        return mark::permit(body);
    }
    // A permit logs what a region inside it left unreported, and never panics.
    let _permit = Permit::open(Place::unnamed());
    body()
}
