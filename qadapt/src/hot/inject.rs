//! Failure injection: refusing one request for memory on purpose.

use super::record::Record;
use super::{table, word};

/// Sets the countdown to a refusal of the innermost region that has one back by one request; true if that is the one to refuse.
pub(super) fn is_due() -> bool {
    with_countdown(|record| {
        let remaining = record.figure.get();
        record.figure.set(remaining.saturating_sub(1).max(0));
        remaining == 1
    })
    .unwrap_or(false)
}

/// Requests until the innermost region that refuses one does; 0 when it has.
pub(crate) fn requests_left() -> u64 {
    with_countdown(|record| record.figure.get()).map_or(0, i64::unsigned_abs)
}

fn with_countdown<R>(act: impl FnOnce(&Record) -> R) -> Option<R> {
    table::with(|table| {
        let index = table.find(|record| record.flags.get() & word::INJECT != 0)?;
        Some(act(table.record(index)?))
    })
    .flatten()
}
