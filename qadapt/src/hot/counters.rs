//! This thread's counters of events, which only go up while a counting region is open.

use core::cell::Cell;

use super::event::Request;
use crate::model::{Op, Tally};

#[derive(Clone, Copy)]
struct Counters {
    tally: Tally,
    /// Bytes live since the thread began to count; may be negative.
    live: i64,
    /// The highest value of `live` since the innermost counting region opened.
    high: i64,
    /// Times that something was left out.
    lost: u64,
}

thread_local! {
    static COUNTERS: Cell<Counters> = const {
        Cell::new(Counters { tally: Tally::NOTHING, live: 0, high: 0, lost: 0 })
    };
}

/// What the counters held when a counting region opened.
#[derive(Clone, Copy)]
pub(crate) struct Mark(Counters);

/// Marks the counters and starts a new high-water mark.
pub(crate) fn open() -> Option<Mark> {
    COUNTERS
        .try_with(|cell| {
            let counters = cell.get();
            cell.set(Counters { high: counters.live, ..counters });
            Mark(counters)
        })
        .ok()
}

/// What was counted since the mark; none if something was left out. The outer region's high-water mark takes in the inner one's.
pub(crate) fn close(Mark(then): Mark) -> Option<Tally> {
    COUNTERS
        .try_with(|cell| {
            let now = cell.get();
            cell.set(Counters { high: now.high.max(then.high), ..now });
            (now.lost == then.lost).then_some(Tally {
                allocs: now.tally.allocs.wrapping_sub(then.tally.allocs),
                reallocs: now.tally.reallocs.wrapping_sub(then.tally.reallocs),
                deallocs: now.tally.deallocs.wrapping_sub(then.tally.deallocs),
                failed: now.tally.failed.wrapping_sub(then.tally.failed),
                bytes_allocated: now.tally.bytes_allocated.wrapping_sub(then.tally.bytes_allocated),
                bytes_freed: now.tally.bytes_freed.wrapping_sub(then.tally.bytes_freed),
                peak_bytes: u64::try_from(now.high.wrapping_sub(then.live)).unwrap_or(0),
            })
        })
        .unwrap_or(None)
}

/// Notes that events of this thread's regions will not be counted.
pub(crate) fn lose() {
    let _ = COUNTERS.try_with(|cell| {
        let counters = cell.get();
        cell.set(Counters { lost: counters.lost.wrapping_add(1), ..counters });
    });
}

/// Adds what another thread counted.
pub(crate) fn add(other: Tally) {
    let _ = COUNTERS.try_with(|cell| {
        let mut counters = cell.get();
        let high = counters.live.saturating_add_unsigned(other.peak_bytes);
        counters.tally = counters.tally.and(other);
        counters.live = counters
            .live
            .wrapping_add_unsigned(other.bytes_allocated)
            .wrapping_sub_unsigned(other.bytes_freed);
        counters.high = counters.high.max(high).max(counters.live);
        cell.set(counters);
    });
}

/// Adds one event.
pub(super) fn count(request: &Request, succeeded: bool) {
    let _ = COUNTERS.try_with(|cell| {
        let mut counters = cell.get();
        counters.add(request, succeeded);
        cell.set(counters);
    });
}

impl Counters {
    fn add(&mut self, request: &Request, succeeded: bool) {
        let tally = &mut self.tally;
        if !succeeded {
            tally.failed = tally.failed.wrapping_add(1);
            return;
        }
        let (asked, freed) = match request.op {
            Op::Alloc | Op::AllocZeroed => {
                tally.allocs = tally.allocs.wrapping_add(1);
                (request.size as u64, 0)
            }
            Op::Realloc => {
                tally.reallocs = tally.reallocs.wrapping_add(1);
                (request.size as u64, request.old_size as u64)
            }
            Op::Dealloc => {
                tally.deallocs = tally.deallocs.wrapping_add(1);
                (0, request.size as u64)
            }
        };
        tally.bytes_allocated = tally.bytes_allocated.wrapping_add(asked);
        tally.bytes_freed = tally.bytes_freed.wrapping_add(freed);
        self.live = self.live.wrapping_add_unsigned(asked).wrapping_sub_unsigned(freed);
        self.high = self.high.max(self.live);
    }
}
