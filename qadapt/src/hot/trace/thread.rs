//! The names of threads, by which a trace tells entries apart where `QADAPT_TRACE_THREADS=1`: a test harness runs each
//! test on a thread that has the test's name.
//!
//! A thread is asked for its name once, at its first entry of a region, which is in the user's own code.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use super::super::own_work::as_own_work;
use crate::hot::setting;

/// Relaxed: set before `main` only.
static IS_APART: AtomicBool = AtomicBool::new(false);

/// Stands for a thread that has no name.
const NAMELESS: usize = 1;

thread_local! {
    /// Stands for this thread's name; 0 until it was asked for.
    static IDENTITY: Cell<usize> = const { Cell::new(0) };
}

/// Reads the setting.
pub(super) fn start() {
    IS_APART.store(setting::is_switched_on(c"QADAPT_TRACE_THREADS"), Ordering::Relaxed);
}

/// A number that threads of one name share; 0 for all threads where they are not told apart.
pub(super) fn identity() -> usize {
    if !IS_APART.load(Ordering::Relaxed) {
        return 0;
    }
    let known = IDENTITY.try_with(|identity| {
        if identity.get() == 0 {
            // What the question itself enters is nobody's.
            identity.set(NAMELESS);
            identity.set(with_name(number));
        }
        identity.get()
    });
    known.unwrap_or(NAMELESS)
}

/// Calls with this thread's name; with none where it has none, or threads are not told apart.
pub(super) fn with_name<R>(act: impl FnOnce(&[u8]) -> R) -> R {
    if !IS_APART.load(Ordering::Relaxed) {
        return act(b"");
    }
    // A thread that Rust did not start gets its handle here, which takes memory; and one whose thread-locals are gone has
    // none any more, which the standard library says by a panic.
    let handle = as_own_work(|| std::panic::catch_unwind(std::thread::current).ok());
    let result = act(handle.as_ref().and_then(std::thread::Thread::name).unwrap_or_default().as_bytes());
    as_own_work(|| drop(handle));
    result
}

/// A number for a name (FNV-1a: <https://datatracker.ietf.org/doc/html/rfc9923>), which is none of the two above.
fn number(name: &[u8]) -> usize {
    if name.is_empty() {
        return NAMELESS;
    }
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    usize::try_from(hash >> 1).unwrap_or(usize::MAX).max(NAMELESS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_numbers_of_their_own() {
        assert_eq!(
            (number(b""), number(b"a"), number(b"a") == number(b"b")),
            (NAMELESS, number(b"a"), false)
        );
        assert!(number(b"a") > NAMELESS);
    }
}
