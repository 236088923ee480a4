//! Where system calls cannot be watched.

use super::Witness;

/// False: nothing is watched.
pub(crate) fn watch(_: *const u8, _: Witness) -> bool {
    false
}

/// False.
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    false
}

/// False.
pub(crate) fn sees() -> bool {
    false
}

/// Nothing.
pub(crate) fn forked(_: Option<*const u8>) {}

/// 0: nothing has ended.
pub(crate) fn times_left() -> u32 {
    0
}

/// False.
pub(crate) fn has_watched() -> bool {
    false
}

/// 0: there is no watch that could end.
pub(crate) fn gaps() -> u32 {
    0
}

/// False.
#[cfg(feature = "process-counts")]
pub(crate) fn has_gaps() -> bool {
    false
}
