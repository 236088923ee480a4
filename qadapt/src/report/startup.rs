//! What runs before `main`: reading the environment, and asking for calls at the process's exit and at its forks.

use super::{exit, fork};
use crate::hot::{setting, trace};
use crate::sys::{self, start::before_main};

before_main!(start);

extern "C" fn start() {
    setting::read_environment();
    trace::start();
    if cfg!(miri) {
        // Miri has no such calls: nothing is said at exit there.
        return;
    }
    sys::at_exit(exit::report);
    sys::at_fork(fork::in_child);
}
