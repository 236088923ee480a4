//! How the watch of a thread begins.

use super::{Witness, handler, signal, thread};

/// Has the kernel hand over this thread's calls where its selector is 1; false where that cannot be done, or is done with as the
/// thread ends. The first call on a thread may allocate.
pub(crate) fn watch(selector: *const u8, witness: Witness) -> bool {
    if thread::is_watched() {
        return true;
    }
    if selector.is_null() || !thread::may_be_watched() {
        return false;
    }
    thread::begin(selector, witness, || {
        let is_set = signal::set_handler(handler::address());
        if is_set {
            signal::let_through();
        }
        is_set
    })
}
