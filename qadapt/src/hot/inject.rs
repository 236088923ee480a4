//! Failure injection: refusing one request for memory on purpose.

use core::cell::Cell;

thread_local! {
    /// Requests until one is refused, that one included; 0 when it has been.
    static REMAINING: Cell<u64> = const { Cell::new(0) };
}

/// Sets how many requests there are until one is refused, and returns how many there were.
pub(crate) fn replace(remaining: u64) -> u64 {
    REMAINING.try_with(|cell| cell.replace(remaining)).unwrap_or(0)
}

/// Counts one request; true if it is the one to refuse.
pub(super) fn is_due() -> bool {
    REMAINING
        .try_with(|cell| {
            let remaining = cell.get();
            cell.set(remaining.saturating_sub(1));
            remaining == 1
        })
        .unwrap_or(false)
}

/// Requests until one is refused; 0 when it has been.
pub(crate) fn remaining() -> u64 {
    REMAINING.try_with(Cell::get).unwrap_or(0)
}
