//! What a sweep says where the swept code ends the process: at the signal of the abort.
//!
//! Where an infallible request gets no memory, std aborts, and calls nobody before it. The signal of that comes on the thread
//! that aborts, when the allocator has returned: so names and lines can be looked up there, as at a region's edge.

use core::ffi::c_int;
use std::panic::catch_unwind;

use qadapt_spin::Lock;

use super::stderr;
use super::violation::Violation;
use crate::hot::{inject, own_work, word};
use crate::sys::{self, AtAbort};

/// Watches for the abort while it lives.
pub(crate) struct Watch(());

/// How many watches there are, and what an abort did before the first.
struct Watched {
    count: usize,
    before: Option<AtAbort>,
}

static WATCHED: Lock<Watched> = Lock::new(Watched { count: 0, before: None });

/// Attempts to take the lock, which is held for one call of the kernel; on failure nothing is said at an abort.
const PATIENCE: u32 = 100_000;

impl Watch {
    pub(crate) fn begin() -> Self {
        if let Some(mut watched) = WATCHED.lock_within(PATIENCE) {
            watched.count += 1;
            if watched.count == 1 {
                watched.before = sys::at_abort(on_abort);
            }
        }
        Self(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(mut watched) = WATCHED.lock_within(PATIENCE) else { return };
        watched.count = watched.count.saturating_sub(1);
        if watched.count > 0 {
            return;
        }
        if let Some(before) = watched.before.take() {
            before.put_back(on_abort);
        }
    }
}

/// Says which request it was, where this thread has refused one, and leaves the rest to what an abort did before.
extern "C" fn on_abort(_: c_int) {
    // Inside an allocator nothing may be looked up; std does not abort there.
    let refused = if word::get() & word::QUIET == 0 { inject::refused() } else { None };
    if let Some((number, request, stack)) = refused {
        // Unwinding must not leave a function that C calls.
        let _ = catch_unwind(|| {
            own_work::as_own_work(|| {
                stderr::write(Violation::event(&request, stack, 1).fatal(number).trim_end());
            });
        });
    }
    sys::abort_as(WATCHED.try_lock().and_then(|mut watched| watched.before.take()));
}
