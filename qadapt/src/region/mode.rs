//! The process's default mode.

use crate::hot::{copies, step};
use crate::model::Mode;

/// What a violation does in regions that have no mode of their own: [`Mode::Panic`], unless [`set_mode`], `QADAPT_MODE` or a
/// feature (`mode-log`, `mode-abort`) said otherwise, in this order.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::set_mode(qadapt::Mode::Log);
/// assert_eq!(qadapt::mode(), qadapt::Mode::Log);
/// ```
#[must_use]
pub fn mode() -> Mode {
    copies::mode(None)
}

/// Sets what a violation does, for every region of the process that has no mode of its own; returns what it did before.
///
/// `QADAPT_MODE` in the environment sets it before `main`; this call overrides that. Regions that are open already
/// act by the new mode from their next event on. In the modes that speak at the event ([`Mode::Abort`] and
/// [`Mode::Trap`]) a region on another thread that was already running gives its name only from that thread's next
/// report on.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let before = qadapt::set_mode(qadapt::Mode::Count);
/// qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));
/// assert_eq!(qadapt::violations(), if qadapt::is_active() { 2 } else { 0 });
/// assert_eq!(qadapt::set_mode(before), qadapt::Mode::Count);
/// ```
#[expect(clippy::must_use_candidate, reason = "often nobody wants the mode before")]
pub fn set_mode(mode: Mode) -> Mode {
    let before = copies::mode(Some(mode));
    step::refresh();
    before
}
