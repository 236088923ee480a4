//! The page faults of a closure.

use crate::checks;
use crate::sys;

/// Page faults of one thread: memory that was mapped, and not there when it was touched.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (faults, page) = qadapt::count_page_faults(|| vec![1_u8; 1 << 20]); // touches new memory
/// if let Some(faults) = faults {
///     assert!(faults.minor > 0);
/// }
/// # drop(page);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageFaults {
    /// Those that the kernel served from memory.
    pub minor: u64,
    /// Those for which it waited for a disk.
    pub major: u64,
}

/// Runs a closure and tells how many page faults it has had on this thread; `None` where nobody counts them: in a build without
/// checks, and elsewhere than on Linux.
///
/// A page fault is no system call, so that [`no_blocking`](crate::no_blocking()) does not see it, and it has no site. The kernel is
/// asked before and after, which takes some 200 ns.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let mut ring = Vec::with_capacity(1 << 20); // mapped, and not touched yet
/// let (faults, ()) = qadapt::count_page_faults(|| ring.resize(1 << 20, 1));
/// assert!(faults.is_none_or(|faults| faults.minor > 0));
/// let (faults, ()) = qadapt::count_page_faults(|| ring.fill(2));
/// assert!(faults.is_none_or(|faults| faults.major == 0));
/// ```
pub fn count_page_faults<R>(body: impl FnOnce() -> R) -> (Option<PageFaults>, R) {
    if !checks::ON {
        return (None, body());
    }
    let before = sys::page_faults();
    let result = body();
    let faults = before.zip(sys::page_faults()).map(|([minor, major], [minor_now, major_now])| PageFaults {
        minor: minor_now.saturating_sub(minor),
        major: major_now.saturating_sub(major),
    });
    (faults, result)
}
