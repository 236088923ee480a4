//! Whether the kernel hands this thread's system calls over.

use super::word;
use crate::sys;

/// Asks the kernel, by making a call: some microseconds.
pub(super) fn asks_kernel() -> bool {
    let before = word::get() & word::CALLS;
    sys::calls::sees(
        || word::set(word::get() | word::CALLS),
        || word::set(word::get() & !word::CALLS | before),
    )
}
