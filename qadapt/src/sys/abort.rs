//! What the signal of an abort does, on Unix.

use core::ffi::c_int;
use core::mem;
use core::ptr;

/// What runs at an abort, on the thread that aborts.
pub(crate) type Handler = extern "C" fn(c_int);

/// What an abort did before a handler was set.
pub(crate) struct AtAbort(libc::sigaction);

/// Sets a handler for aborts; returns what one did before. `None` where that cannot be done.
pub(crate) fn at_abort(handler: Handler) -> Option<AtAbort> {
    let mut action = by_default();
    action.sa_sigaction = handler as libc::sighandler_t;
    change(&action).map(AtAbort)
}

impl AtAbort {
    /// Puts this in the place of the handler; not where the program has set one of its own since.
    pub(crate) fn put_back(&self, handler: Handler) {
        let now = change(&self.0);
        if let Some(now) = now.filter(|now| now.sa_sigaction != handler as libc::sighandler_t) {
            change(&now);
        }
    }
}

/// In the handler: when it returns, the process aborts as it would have done before.
#[expect(unsafe_code, reason = "std cannot raise a signal")]
pub(crate) fn abort_as(before: Option<AtAbort>) {
    change(&before.map_or_else(by_default, |before| before.0));
    // SAFETY: it takes any signal's number. The signal is held back until the handler returns.
    unsafe { libc::raise(libc::SIGABRT) };
}

/// The action of a signal for which nobody has set one.
#[expect(unsafe_code, reason = "a plain record of C's")]
fn by_default() -> libc::sigaction {
    // SAFETY: all of it are numbers, sets of bits and addresses that may be null.
    unsafe { mem::zeroed() }
}

#[expect(unsafe_code, reason = "std knows no signals")]
fn change(action: &libc::sigaction) -> Option<libc::sigaction> {
    // Miri does not know the call.
    if cfg!(miri) {
        return None;
    }
    let mut before = by_default();
    // SAFETY: both point to such records, and a handler in one takes a signal's number.
    let changed = unsafe { libc::sigaction(libc::SIGABRT, ptr::from_ref(action), &raw mut before) };
    (changed == 0).then_some(before)
}
