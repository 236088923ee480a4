//! What runs before `main`: reading the environment, and asking for calls at the process's exit and at its forks.

use super::{exit, fork};
use crate::checks;
use crate::hot::{setting, trace};

checks::before_main!(start);

#[expect(unsafe_code, reason = "std has no way to be called at exit or at a fork")]
extern "C" fn start() {
    setting::read_environment();
    trace::start();
    if cfg!(miri) {
        // Miri has no such calls: nothing is said at exit there.
        return;
    }
    // SAFETY: the handler is a plain function that never unwinds.
    unsafe { libc::atexit(exit::report) };
    // SAFETY: the handler is a plain function that calls only what a forked child may call.
    unsafe { libc::pthread_atfork(None, None, Some(fork::in_child)) };
}
