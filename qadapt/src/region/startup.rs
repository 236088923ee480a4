//! What runs before `main`: reading the environment, looking for other copies of the guard, and asking for calls at the process's exit and at its forks.

use super::host;
use crate::hot::{copies, setting, trace};
use crate::report::{exit, fork};
use crate::sys::{self, start::before_main};

before_main!(start);

extern "C" fn start() {
    setting::read_environment();
    copies::find(&host::NOTE);
    // What happens in a copy that is not the first is in that one's trace.
    if !setting::is_guest() {
        trace::start();
    }
    if cfg!(miri) {
        // Miri has no such calls: nothing is said at exit there.
        return;
    }
    sys::at_exit(exit::report);
    sys::at_fork(fork::in_child);
}
