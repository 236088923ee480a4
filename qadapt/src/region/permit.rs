//! Permits: exemptions inside a region.

use super::polled::Source;
use super::scope::{Change, Scope};
use crate::checks;
use crate::hot::frame::Room;
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
#[inline(always)]
#[track_caller]
pub fn permit_alloc<R>(body: impl FnOnce() -> R) -> R {
    if !checks::ON {
        return body();
    }
    let mut room = Room::uninit();
    // Dropped, not closed: a permit logs what a region inside it left unreported, and never panics.
    let _permit = Scope::<true>::open(&mut room, Source::Closure(Place::unnamed()), Change::Permit);
    body()
}
