//! This thread's count of violations.

use crate::hot::copies;

/// The events that regions disallowed on this thread so far, in every mode.
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
    let seen = copies::violations(0);
    copies::violations(0_i64.saturating_sub_unsigned(seen));
    seen
}
