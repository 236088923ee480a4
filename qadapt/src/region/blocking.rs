//! Regions in which the thread must not wait in the kernel.

use super::edge;
use super::polled::{Polled, Source};
use super::scope::Scope;
use crate::checks;
#[cfg(feature = "profile")]
use crate::hot::profile::label::Label;
use crate::hot::{blocking, copies};
use crate::mark;
use crate::model::Place;

/// Runs a closure in which this thread must make no system call that may wait: [`Policy::no_blocking`](crate::Policy::no_blocking),
/// in the process's mode. Allocation is allowed.
///
/// # Panics
/// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the closure made such a call; the closure runs to its end first,
/// and its result is dropped.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::sync::Mutex;
///
/// let gain = Mutex::new(0.5_f32);
/// let now = qadapt::no_blocking(|| gain.try_lock().map_or(1.0, |gain| *gain));
/// assert_eq!(now, 0.5);
/// ```
#[inline(always)]
#[track_caller]
pub fn no_blocking<R>(body: impl FnOnce() -> R) -> R {
    no_blocking_at(Place::unnamed(), body)
}

/// [`no_blocking`] with a place: what `#[nonblocking]` expands to.
#[doc(hidden)]
#[inline(always)]
#[track_caller]
pub fn no_blocking_at<R>(place: Place, body: impl FnOnce() -> R) -> R {
    #[cfg(feature = "profile")]
    let _label = Label::of_region(place);
    if !checks::ON {
        return mark::quiet(body);
    }
    let scope = Scope::open_no_blocking(Source::Closure(place));
    let result = body();
    scope.close();
    result
}

/// The same for one poll of a future. A panic that is due is logged unless it `may_panic`.
#[inline(always)]
#[track_caller]
pub(super) fn poll_no_blocking<R>(polled: &mut Polled, may_panic: bool, body: impl FnOnce() -> R) -> R {
    if !checks::ON {
        return body();
    }
    polled.begin();
    let loans = polled.loans();
    let scope = Scope::open_no_blocking(Source::Future(polled));
    edge::take_up(loans, false);
    let result = body();
    if may_panic {
        scope.close();
    } else {
        drop(scope);
    }
    result
}

/// True if system calls of this thread are seen in regions that disallow them: this build has the checks, and the kernel hands the
/// calls over.
///
/// It asks the kernel each time, by a system call, since another user of syscall user dispatch can take it away: some microseconds.
/// From here on this thread's system calls are watched, as after a region.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// if !qadapt::is_blocking_watched() {
///     eprintln!("what this thread waits for is not measured");
/// }
/// ```
#[must_use]
pub fn is_blocking_watched() -> bool {
    checks::ON && copies::watch_calls(true).unwrap_or_else(blocking::is_watched)
}
