//! What a forked child forgets: reports are its parent's to make, and its parent's other threads are not here.

use super::{call_sites, handover, live, stderr, symbols, unlent};
use crate::hot::capture::STACKS;
use crate::hot::{blocking, pending};

/// Runs in the child, before the fork returns there. It may only do what a signal handler may do.
pub(crate) extern "C" fn in_child() {
    pending::forget();
    for slot in STACKS.slots() {
        let _ = STACKS.take_unreported(slot);
    }
    call_sites::forget();
    unlent::take();
    let _ = stderr::take_unread();
    handover::forked();
    symbols::forked();
    live::forked();
    blocking::forked();
}
