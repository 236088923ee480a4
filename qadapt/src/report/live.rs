//! Whether the guard is live: compiled in, and really the program's allocator.

use core::cell::Cell;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::alloc::{Layout, alloc, dealloc};
use std::path::Path;

use qadapt_spin::Lock;

use super::stderr;
use crate::checks;
use crate::hot::{copies, own_work, setting, word};
use crate::model::{Mode, Place};
use crate::sys;

/// What the probe found. Relaxed: every thread would find the same, so that nothing depends on order.
static PROBED: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const LIVE: u8 = 1;
const MISSING: u8 = 2;
/// Another copy of the guard in this process is the allocator, and this one's host hears of its events.
const ELSEWHERE: u8 = 3;

/// True if violations are seen: the checks are compiled in, and the program's global allocator is QADAPT, in this version or in another
/// one that shares its guard.
///
/// The first call finds out, by a request that QADAPT answers without memory (and another allocator with one byte); the
/// answer is kept for the process. False inside that request, where the program's allocator calls this.
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
#[inline]
pub fn is_active() -> bool {
    if !checks::ON {
        return false;
    }
    match PROBED.load(Ordering::Relaxed) {
        UNKNOWN => probe(),
        found => found != MISSING,
    }
}

/// True if events are counted by this copy of the guard, too, and if it can refuse them: not where another version is the allocator,
/// and was loaded first.
pub(crate) fn counts_events() -> bool {
    is_active() && is_known()
}

/// True if the guard is [active](is_active) and [counts](counts_events), as far as that has been asked.
#[inline(always)]
pub(crate) fn is_known() -> bool {
    PROBED.load(Ordering::Relaxed) == LIVE
}

thread_local! {
    /// This thread is asking.
    static PROBING: Cell<bool> = const { Cell::new(false) };
}

/// Asks once. Inside the request, in an allocator that wraps QADAPT, there is no answer yet.
#[cold]
#[inline(never)]
fn probe() -> bool {
    if PROBING.try_with(|probing| probing.replace(true)).unwrap_or(true) {
        return false;
    }
    let found = own_work::as_own_work(request);
    PROBED.store(found, Ordering::Relaxed);
    let _ = PROBING.try_with(|probing| probing.set(false));
    found != MISSING
}

/// Makes one request, marked in the thread's word; the guard's allocator takes the mark away and gives no memory. Another copy's
/// asks that one's host, which this copy is or has asked to listen.
#[expect(unsafe_code, reason = "a request that may be refused")]
fn request() -> u8 {
    let layout = Layout::new::<u8>();
    word::set(word::get() | word::PROBE);
    let listens = copies::hears(true);
    // SAFETY: the layout has a size.
    let block = black_box(unsafe { alloc(layout) });
    let live = word::get() & word::PROBE == 0;
    word::set(word::get() & !word::PROBE);
    let heard = listens && copies::hears(false);
    if !block.is_null() {
        // SAFETY: it was allocated above with this layout, and nobody else knows of it.
        unsafe { dealloc(block, layout) };
    }
    match (live, heard) {
        (true, _) => LIVE,
        (false, true) => ELSEWHERE,
        (false, false) => MISSING,
    }
}

/// True once the note below was written, or is not this process's to write. Relaxed: only whether.
static SAID: AtomicBool = AtomicBool::new(false);
/// The first region of a test program, for a note at its end.
static FIRST: Lock<Option<Place>> = Lock::new(None);

/// Where the user asked for the guard, says once that it is not live and what to add.
///
/// A test program is told at its end: the harness prints a table meanwhile. Where nothing asks, or the answer is known,
/// this neither allocates nor calls the kernel.
pub(crate) fn report_if_missing(place: Place) {
    if matches!(PROBED.load(Ordering::Relaxed), LIVE | ELSEWHERE) || SAID.load(Ordering::Relaxed) {
        return;
    }
    // The program may still ask why its last system call failed.
    sys::keeping_error(|| {
        if is_test_program() {
            // Another thread may hold the lock: then it has a first region, too.
            if let Some(mut first) = FIRST.try_lock() {
                first.get_or_insert(place);
            }
        } else if checks::ENFORCED || setting::asked_for() {
            say_if_missing(place);
        }
    });
}

/// At the process's end: what [`report_if_missing`] has kept.
pub(super) fn report_at_exit() {
    let first = FIRST.try_lock().and_then(|mut first| first.take());
    if let Some(place) = first {
        say_if_missing(place);
    }
}

/// In a forked child: the note is its parent's.
pub(super) fn forked() {
    SAID.store(true, Ordering::Relaxed);
    if let Some(mut first) = FIRST.try_lock() {
        *first = None;
    }
}

fn say_if_missing(place: Place) {
    if setting::default_mode() == Mode::Count || is_active() || SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    own_work::as_own_work(|| {
        let name = place.name;
        let region = if name.is_none() { String::new() } else { format!(" `{name}`") };
        // Not through the printing macro: a harness hides what a passing test prints.
        stderr::write(&format!(
            "qadapt: allocation is not watched in the region{region} at {}, because QADAPT is not the global allocator. Add to \
             the program's main file (for a test: to the test's file):\n\n    #[global_allocator]\n    static ALLOC: \
             qadapt::QADAPT = qadapt::QADAPT;\n",
            place.location
        ));
    });
}

/// True if this is the program of a test or a benchmark.
pub(super) fn is_test_program() -> bool {
    setting::is_test_program().unwrap_or_else(|| {
        let is_test = own_work::as_own_work(|| {
            std::env::current_exe().is_ok_and(|program| {
                program.parent().is_some_and(|folder| folder.ends_with(Path::new("deps")))
            })
        });
        setting::set_test_program(is_test);
        is_test
    })
}
