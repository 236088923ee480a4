//! What the process was asked for: its default mode, and the rest of what is read before `main`.

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use super::announce::Line;
use crate::model::Mode;
use crate::sys;

/// The default mode until somebody sets another: of the features that name one, the most severe.
const INITIAL: Mode = if cfg!(feature = "mode-abort") {
    Mode::Abort
} else if cfg!(feature = "mode-log") {
    Mode::Log
} else {
    Mode::Panic
};
/// The default mode's severity. Relaxed: it publishes nothing but itself.
static DEFAULT: AtomicU8 = AtomicU8::new(INITIAL.severity());
/// Whether the user asked for the guard by an environment variable. Relaxed, as above.
static ASKED: AtomicBool = AtomicBool::new(false);
/// Whether reports show every frame. Relaxed, as above.
static FULL_STACKS: AtomicBool = AtomicBool::new(false);
/// What [`is_test_program`] found. Relaxed, as above.
static TEST_PROGRAM: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const TEST: u8 = 1;
const NO_TEST: u8 = 2;

/// The mode of a region that has none of its own.
pub(crate) fn default_mode() -> Mode {
    Mode::of_severity(DEFAULT.load(Ordering::Relaxed))
}

/// True if that is mode count.
#[inline(always)]
pub(super) fn counts_by_default() -> bool {
    DEFAULT.load(Ordering::Relaxed) == Mode::Count.severity()
}

/// Reasons for which the edges of all regions of the process are slow. Relaxed: each is looked at again at the next edge.
static ALERTS: AtomicU8 = AtomicU8::new(INITIAL_ALERTS);
const INITIAL_ALERTS: u8 = if speaks(INITIAL) { SPEAKING } else { 0 };
/// The default mode speaks at the event itself and so needs the region's place there: abort and trap.
const SPEAKING: u8 = 1;
/// A trace is written.
const TRACED: u8 = 2;
/// A region has ended on another thread than it opened on.
const MOVED: u8 = 4;
/// Another copy of the guard is this one's host.
const GUEST: u8 = 8;

/// Reasons for which every event is looked at closely: those above, and from [`OWN_BLOCK`] on the number of
/// [own blocks](super::own_blocks). Relaxed: each reason is there before anything that it lets see.
static CLOSELY: AtomicUsize = AtomicUsize::new(FIRST | INITIAL_ALERTS as usize);
/// No event has been seen yet: see [`outermost`](super::outermost).
const FIRST: usize = 16;
const OWN_BLOCK: usize = 32;

/// True if there is a reason.
#[inline(always)]
pub(super) fn looks_closely() -> bool {
    CLOSELY.load(Ordering::Relaxed) != 0
}

/// True until the first event has been seen.
pub(super) fn awaits_first() -> bool {
    // Acquire pairs with the Release below: what was done before is seen.
    CLOSELY.load(Ordering::Acquire) & FIRST != 0
}

/// The first event has been seen.
pub(super) fn seen_first() {
    CLOSELY.fetch_and(!FIRST, Ordering::Release);
}

/// There is one more own block.
pub(super) fn add_own_block() {
    CLOSELY.fetch_add(OWN_BLOCK, Ordering::Relaxed);
}

/// There is one less.
pub(super) fn remove_own_block() {
    CLOSELY.fetch_sub(OWN_BLOCK, Ordering::Relaxed);
}

/// True if there are own blocks.
#[inline(always)]
pub(super) fn has_own_blocks() -> bool {
    CLOSELY.load(Ordering::Relaxed) >= OWN_BLOCK
}

/// True if there is such a reason.
#[inline(always)]
pub(super) fn is_alert() -> bool {
    ALERTS.load(Ordering::Relaxed) != 0
}

/// Says whether a trace is written.
pub(super) fn set_traced(is_traced: bool) {
    alert(TRACED, is_traced);
}

/// From now on regions end on other threads than they opened on.
pub(super) fn set_moved() {
    alert(MOVED, true);
}

/// True if regions do.
#[inline(always)]
pub(super) fn is_moved() -> bool {
    ALERTS.load(Ordering::Relaxed) & MOVED != 0
}

/// Says that another copy of the guard is this one's host, for the life of the process.
pub(super) fn set_guest() {
    alert(GUEST, true);
}

/// True if it is.
#[inline(always)]
pub(crate) fn is_guest() -> bool {
    ALERTS.load(Ordering::Relaxed) & GUEST != 0
}

fn alert(reason: u8, is_there: bool) {
    if is_there {
        ALERTS.fetch_or(reason, Ordering::Relaxed);
        CLOSELY.fetch_or(reason.into(), Ordering::Relaxed);
    } else {
        ALERTS.fetch_and(!reason, Ordering::Relaxed);
        CLOSELY.fetch_and(!usize::from(reason), Ordering::Relaxed);
    }
}

/// True if the mode speaks at the event itself.
const fn speaks(mode: Mode) -> bool {
    mode.severity() >= Mode::Abort.severity()
}

/// Sets it, and returns what it was.
pub(crate) fn set_default_mode(mode: Mode) -> Mode {
    let before = DEFAULT.swap(mode.severity(), Ordering::Relaxed);
    alert(SPEAKING, speaks(mode));
    Mode::of_severity(before)
}

/// True if `QADAPT_MODE` or `QADAPT_TRACE` is set in the environment.
pub(crate) fn asked_for() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// True if `QADAPT_BACKTRACE=full` was set when the process began.
pub(crate) fn shows_full_stacks() -> bool {
    FULL_STACKS.load(Ordering::Relaxed)
}

/// True if this is the program of a test or a benchmark: Cargo runs those from a folder named `deps`, and nothing else.
/// `None` where the program's path has not been read.
pub(crate) fn is_test_program() -> Option<bool> {
    match TEST_PROGRAM.load(Ordering::Relaxed) {
        UNKNOWN => None,
        found => Some(found == TEST),
    }
}

/// Keeps the answer of [`is_test_program`].
pub(crate) fn set_test_program(is_test: bool) {
    TEST_PROGRAM.store(if is_test { TEST } else { NO_TEST }, Ordering::Relaxed);
}

/// Reads the environment and the program's path. An unknown word is named on standard error and changes nothing.
///
/// It runs before `main`, without allocating.
pub(crate) fn read_environment() {
    read_program();
    sys::variable(c"QADAPT_BACKTRACE", read_backtrace);
    if sys::variable(c"QADAPT_TRACE", |directory| !directory.is_empty()) == Some(true) {
        ASKED.store(true, Ordering::Relaxed);
    }
    if sys::variable(c"QADAPT_MODE", read_mode).is_some() {
        ASKED.store(true, Ordering::Relaxed);
    }
}

/// True if this variable of the environment is `1`. Of what is none of `1`, `0` and nothing it says that it is unknown.
///
/// As [`read_environment`].
pub(super) fn is_switched_on(name: &CStr) -> bool {
    let is_on = sys::variable(name, |word| {
        if !matches!(word, b"1" | b"0" | b"") {
            Line::new()
                .text(b"qadapt: ")
                .text(name.to_bytes())
                .text(b"=")
                .text(word)
                .text(b" is unknown; write 1 to switch it on (it stays off)")
                .write();
        }
        word == b"1"
    });
    is_on.unwrap_or(false)
}

fn read_backtrace(word: &[u8]) {
    match word {
        b"full" => FULL_STACKS.store(true, Ordering::Relaxed),
        b"" => {}
        _ => Line::new()
            .text(b"qadapt: QADAPT_BACKTRACE=")
            .text(word)
            .text(b" is unknown; write full to see every frame (internal ones stay folded)")
            .write(),
    }
}

fn read_mode(word: &[u8]) {
    match Mode::from_word(word) {
        Some(mode) => {
            set_default_mode(mode);
        }
        None => Line::new()
            .text(b"qadapt: QADAPT_MODE=")
            .text(word)
            .text(b" is unknown; write one of ")
            .text(Mode::ACCEPTED.as_bytes())
            .text(b" (the mode stays ")
            .text(INITIAL.word().as_bytes())
            .text(b")")
            .write(),
    }
}

/// Looks at the folder of the program, where the system tells its path without allocating and it is not longer than this.
fn read_program() {
    let mut path = [0; 1024];
    if let Some(path) = sys::program(&mut path) {
        let folder = path.rsplit(|&byte| sys::is_separator(byte)).nth(1);
        set_test_program(folder == Some(b"deps"));
    }
}
