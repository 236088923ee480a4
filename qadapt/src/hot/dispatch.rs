//! Whether the kernel hands this thread's system calls over.

use super::{end, pending, push, table};
use crate::sys;

/// Asks the kernel, by making a call: some microseconds. False where there is no room for that.
pub(super) fn asks_kernel() -> bool {
    // A record, so that what a signal handler opens meanwhile is on top of it, and is not taken for a part of what sees calls.
    let asking = push::asking();
    let is_seen = !asking.is_none() && sys::calls::sees();
    let ended = end::record_slowly(asking);
    pending::put_off(ended.serial, table::reporter());
    is_seen
}
