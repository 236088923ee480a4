//! Sweeps: failing each request for memory in turn.

use super::policy::Policy;
use crate::checks;
use crate::hot::inject;
use crate::report::{abort, live};

/// Runs a closure again and again, refusing its 1st request for memory, then its 2nd, .., until a run makes fewer
/// requests than that and passes untouched. Returns how many requests were refused, and the last run's result.
///
/// It proves that code survives a lack of memory at every point: each run must return (with an error, say) and leave
/// everything sound, so assert that in the closure. Only this thread's requests are refused, and none in permits. Where
/// the guard is not [active](crate::is_active) the closure runs once.
///
/// While a sweep runs inside another, the outer one neither refuses nor counts its requests: of that part the outer sweep proves
/// nothing.
///
/// Code that allocates infallibly ends the process instead: std aborts. On Unix the number of the refused request, its line and
/// its stack are written to standard error then; the signal `SIGABRT` has a handler of QADAPT's while a sweep runs.
///
/// # Panics
/// When the closure panics.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::collections::TryReserveError;
///
/// fn doubled(input: &[u8]) -> Result<Vec<u8>, TryReserveError> {
///     let mut out = Vec::new();
///     out.try_reserve_exact(input.len())?;
///     out.extend(input.iter().map(|byte| byte * 2));
///     Ok(out)
/// }
///
/// let (refused, result) = qadapt::sweep(|| doubled(&[1, 2, 3]));
/// assert_eq!(result, Ok(vec![2, 4, 6]));
/// assert_eq!(refused, u64::from(qadapt::is_active()));
/// ```
#[track_caller]
pub fn sweep<R>(mut body: impl FnMut() -> R) -> (u64, R) {
    if !checks::ON || !live::counts_events() {
        return (0, body());
    }
    let _watch = abort::Watch::begin();
    let sweep = inject::Sweep::begin();
    let mut refused = 0;
    loop {
        sweep.run(refused + 1);
        // An inner sweep or policy may count down too: the run's own countdown is what is left when it ends.
        let (fired, result) = Policy::fail_nth(refused + 1).run(|| {
            let result = body();
            (inject::requests_left() == Some(0), result)
        });
        if !fired {
            return (refused, result);
        }
        drop(result);
        refused += 1;
    }
}
