//! The test whether a call has to be told.

use crate::guard;

/// True if the program has a guard.
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    guard::is_watched()
}

/// Finds the guard.
pub(crate) fn find_word() {
    guard::find();
}
