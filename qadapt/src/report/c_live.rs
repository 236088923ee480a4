//! Whether C's allocation functions are watched, too.

use core::sync::atomic::{AtomicU8, Ordering};

use super::live;
use crate::hot::{c, own_work};

/// What was found. Relaxed: every thread would find the same, so that nothing depends on order.
static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const LIVE: u8 = 1;
const MISSING: u8 = 2;

/// True if violations of C code are seen: the guard [is active](crate::is_active), and `malloc` and its kin are those of the crate
/// `qadapt-malloc`.
///
/// The first call asks `malloc` for a byte and sees who answers; the answer is kept for the process. False under tools that put
/// functions of their own in place of `malloc`, such as Valgrind's memory checkers.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// // This program does not say `use qadapt_malloc as _;`.
/// assert!(!qadapt::c_is_active());
/// ```
#[must_use]
pub fn c_is_active() -> bool {
    if !live::is_active() {
        return false;
    }
    match FOUND.load(Ordering::Relaxed) {
        UNKNOWN => {
            let is_live = own_work::as_own_work(c::is_defined);
            FOUND.store(if is_live { LIVE } else { MISSING }, Ordering::Relaxed);
            is_live
        }
        found => found == LIVE,
    }
}
