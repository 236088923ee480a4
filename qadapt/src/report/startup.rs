//! What runs before `main`: reading the environment, and asking for a call at the process's exit.

use super::exit;
use crate::checks;
use crate::hot::{setting, trace};

checks::before_main!(start);

#[expect(unsafe_code, reason = "std has no way to be called at exit")]
extern "C" fn start() {
    setting::read_environment();
    trace::start();
    // SAFETY: the handler is a plain function that never unwinds.
    unsafe { libc::atexit(exit::report) };
}
