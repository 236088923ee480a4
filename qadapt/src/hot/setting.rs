//! The process's default mode, and how it is read from the environment before `main`.

use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicU8, Ordering};

use super::announce::Line;
use crate::model::Mode;

/// The default mode's severity. Relaxed: it publishes nothing but itself.
static DEFAULT: AtomicU8 = AtomicU8::new(Mode::Panic.severity());
/// Whether the user asked for the guard by an environment variable. Relaxed, as above.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// The mode of a region that has none of its own.
pub(crate) fn default_mode() -> Mode {
    let severity = usize::from(DEFAULT.load(Ordering::Relaxed));
    Mode::BY_SEVERITY.get(severity).copied().unwrap_or_default()
}

/// True if the default mode speaks at the event itself and so needs the region's place there: abort and trap.
#[inline(always)]
pub(crate) fn speaks_at_once() -> bool {
    DEFAULT.load(Ordering::Relaxed) >= Mode::Abort.severity()
}

pub(crate) fn set_default_mode(mode: Mode) {
    DEFAULT.store(mode.severity(), Ordering::Relaxed);
}

/// True if `QADAPT_MODE` or `QADAPT_TRACE` is set in the environment.
pub(crate) fn asked_for() -> bool {
    ASKED.load(Ordering::Relaxed) != 0
}

/// Reads `QADAPT_MODE`. An unknown value is named on standard error and changes nothing.
///
/// It runs before `main`, without allocating.
pub(crate) fn read_environment() {
    if variable(c"QADAPT_TRACE").is_some() {
        ASKED.store(1, Ordering::Relaxed);
    }
    let Some(word) = variable(c"QADAPT_MODE") else { return };
    ASKED.store(1, Ordering::Relaxed);
    match Mode::from_word(word) {
        Some(mode) => set_default_mode(mode),
        None => Line::new()
            .text(b"qadapt: QADAPT_MODE=")
            .text(word)
            .text(b" is unknown; write one of ")
            .text(Mode::ACCEPTED.as_bytes())
            .text(b" (the mode stays panic)")
            .write(),
    }
}

#[expect(unsafe_code, reason = "std::env allocates")]
pub(super) fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: the name is nul-terminated. This runs before `main`, when no thread can change the environment.
    let value: *const c_char = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: `getenv` gives a nul-terminated string. It is used before `main` only (see above).
    Some(unsafe { CStr::from_ptr(value) }.to_bytes())
}
