//! The user's hook.

use std::cell::Cell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::violation::Violation;
use crate::hot::own_work;
use crate::hot::record::Serial;

type Hook = Box<dyn Fn(&Violation) + Send + Sync>;

/// It is read without a lock: a reader that gave up, or that waited for a thread that a fork left behind, would leave
/// the hook uncalled.
static HOOK: ArcSwapOption<Hook> = ArcSwapOption::const_empty();

/// Sets what is called for each report, besides what the mode does.
///
/// The hook runs on the thread of the region, when the region has closed: outside the allocator and outside any
/// region, so that it may allocate; what it asks of the allocator is not counted. It is called once for each distinct
/// stack of the region, with how often it occurred, whatever the rate limit of mode `Log` lets through; not in the
/// modes [`Count`](crate::Mode::Count), [`Abort`](crate::Mode::Abort) and [`Trap`](crate::Mode::Trap), which make no
/// report at the region's end. Regions that are open when the process ends, and violations that were lost, are reported at the end, and not
/// to the hook. A panic of the hook is caught and dropped. A violation
/// that the hook itself makes is reported as its mode says, but not to the hook. It replaces the hook before it.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// static BYTES: AtomicU64 = AtomicU64::new(0);
/// qadapt::set_mode(qadapt::Mode::Log);
/// qadapt::set_violation_hook(|violation| {
///     BYTES.fetch_add(violation.size() as u64, Ordering::Relaxed);
/// });
/// let boxed = qadapt::assert_no_alloc(|| std::hint::black_box(Box::new(7_u64)));
/// assert_eq!(BYTES.load(Ordering::Relaxed), if qadapt::is_active() { 8 } else { 0 });
/// # drop(boxed);
/// ```
pub fn set_violation_hook(hook: impl Fn(&Violation) + Send + Sync + 'static) {
    own_work::as_own_work(|| HOOK.store(Some(Arc::new(Box::new(hook)))));
}

/// Takes the hook that [`set_violation_hook`] set last, and leaves none; `None` if there is none.
///
/// A hook that wraps another one begins with this. A report that another thread is making may still call the hook that was taken.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::set_violation_hook(|violation| eprintln!("{violation}"));
/// let before = qadapt::take_violation_hook().expect("it was set");
/// qadapt::set_violation_hook(move |violation| {
///     if violation.size() > 64 {
///         before(violation);
///     }
/// });
/// ```
#[must_use]
pub fn take_violation_hook() -> Option<Hook> {
    own_work::as_own_work(|| {
        let hook = HOOK.swap(None)?;
        // Where a report holds it at this moment, both keep it.
        Some(Arc::try_unwrap(hook).unwrap_or_else(|shared| Box::new(move |violation| shared(violation))))
    })
}

thread_local! {
    /// The hook runs on this thread.
    static CALLING: Cell<bool> = const { Cell::new(false) };
}

/// Calls the hook, if there is one and it is not the hook itself that made the violation. Called as own work. Returns whose the
/// violations are that the hook left to be told.
pub(super) fn call(violation: &Violation) -> Serial {
    if CALLING.get() {
        return Serial::NONE;
    }
    let Some(hook) = HOOK.load_full() else { return Serial::NONE };
    CALLING.set(true);
    let (left, outcome) =
        own_work::as_hook(|| catch_unwind(AssertUnwindSafe(|| hook(violation))).map_err(mem::forget));
    // The payload's own drop may panic too; forgetting it is the lesser evil.
    let _ = outcome;
    CALLING.set(false);
    left
}
