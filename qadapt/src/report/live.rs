//! Whether the guard is live: compiled in, and really the program's allocator.

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::path::Path;

use crate::checks;
use crate::hot::{setting, word};
use crate::model::Place;

/// What the probe found. Relaxed: every thread would find the same, so that nothing depends on order.
static PROBED: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const LIVE: u8 = 1;
const MISSING: u8 = 2;

/// True if violations are seen: the checks are compiled in, and the program's global allocator is QADAPT.
///
/// The first call makes one small allocation to find out; the answer is kept for the process.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// if !qadapt::is_active() {
///     eprintln!("this build does not watch its allocations");
/// }
/// let (counts, ()) = qadapt::count_alloc(|| ());
/// assert_eq!(counts.is_measured(), qadapt::is_active());
/// ```
#[must_use]
pub fn is_active() -> bool {
    if !checks::ON {
        return false;
    }
    match PROBED.load(Ordering::Relaxed) {
        UNKNOWN => {
            let live = probe();
            PROBED.store(if live { LIVE } else { MISSING }, Ordering::Relaxed);
            live
        }
        found => found == LIVE,
    }
}

/// Makes one allocation, marked in the thread's word; the guard's allocator takes the mark away.
fn probe() -> bool {
    word::as_own_work(|| {
        word::set(word::PROBE);
        drop(black_box(Box::new(black_box(0_u8))));
        word::get() & word::PROBE == 0
    })
}

/// Where the user asked for the guard, says once that it is not live and what to add.
pub(crate) fn report_if_missing(place: Place) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !asked_for() || is_active() || SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    word::as_own_work(|| {
        let name = place.name;
        let region = if name.is_none() { String::new() } else { format!(" `{name}`") };
        eprintln!(
            "qadapt: the region{region} at {} is not watched, because QADAPT is not the global allocator. Add to the \
             program's main file (for a test: to the test's file):\n\n    #[global_allocator]\n    static ALLOC: \
             qadapt::QADAPT = qadapt::QADAPT;\n",
            place.location
        );
    });
}

/// True if an environment variable asks for the guard, or this is a test program.
fn asked_for() -> bool {
    setting::asked_for() || word::as_own_work(is_test_program)
}

/// Cargo runs the programs of tests and benchmarks from a folder of this name, and nothing else.
fn is_test_program() -> bool {
    std::env::current_exe()
        .is_ok_and(|program| program.parent().is_some_and(|folder| folder.ends_with(Path::new("deps"))))
}
