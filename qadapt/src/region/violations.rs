//! This thread's count of violations.

use crate::checks;
use crate::hot::{blocking, calls, copies};
use crate::model::Measured;
use crate::sys;

/// The events that regions disallowed on this thread so far, in every mode.
///
/// System calls are among them as far as they were watched: [`blocking_violations`] says where they were not.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// assert_eq!(qadapt::violations(), 0);
/// ```
#[must_use]
pub fn violations() -> u64 {
    copies::violations(0)
}

/// [`violations`], and starts this thread's count again at 0: for tests that share a thread.
///
/// What is pending in an open region is still reported by that region.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::set_mode(qadapt::Mode::Count);
/// qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));
/// let seen = qadapt::take_violations();
/// assert_eq!(seen, if qadapt::is_active() { 2 } else { 0 });
/// assert_eq!(qadapt::violations(), 0);
/// ```
#[must_use]
pub fn take_violations() -> u64 {
    // First: a handler that comes after this has both its violation and its note left.
    let unwatched = calls::unwatched();
    let seen = copies::violations(0);
    copies::violations(0_i64.saturating_sub_unsigned(seen));
    calls::change_violations(0_i64.saturating_sub_unsigned(calls::change_violations(0)));
    calls::forget_unwatched(unwatched);
    seen
}

/// How many of this thread's [`violations`] were system calls in which it may wait.
///
/// It is unmeasured, and so equal to no number, where a region on this thread was to watch them and could not, since the thread began
/// or [`take_violations`]: on an old kernel, behind a filter, beside another user of syscall user dispatch, in a build without checks.
/// Where regions have watched them, the kernel is asked whether it still hands calls over, which takes some microseconds. In a
/// [copy](crate::share_guard) of QADAPT that shares another one's guard it is unmeasured, too.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::time::Duration;
///
/// qadapt::set_mode(qadapt::Mode::Count);
/// qadapt::no_blocking(|| std::thread::sleep(Duration::from_micros(10)));
/// if qadapt::is_blocking_watched() {
///     assert_eq!(qadapt::blocking_violations(), 1);
/// } else {
///     assert_ne!(qadapt::blocking_violations(), 0);
/// }
/// ```
#[must_use]
pub fn blocking_violations() -> Measured<u64> {
    let is_known = checks::ON && !copies::is_guest() && !calls::has_unwatched();
    let is_whole = is_known && (!sys::calls::has_watched() || blocking::is_watched());
    Measured::new(is_whole.then(|| calls::change_violations(0)))
}
