//! This thread's counters of events, which only go up while a counting region is open.

use core::cell::Cell;

use super::record::{Kind, Record, Serial};
use super::request::Request;
use super::table::Table;
use super::{end, open, word};
use crate::model::{Op, Tally};

/// Each figure changes in one step, so that what a signal handler adds in between is not lost.
struct Counters {
    allocs: Cell<u64>,
    reallocs: Cell<u64>,
    deallocs: Cell<u64>,
    failed: Cell<u64>,
    bytes_allocated: Cell<u64>,
    bytes_freed: Cell<u64>,
    /// Bytes live since the thread began to count; may be negative.
    live: Cell<i64>,
    /// The highest value of `live` since the newest of the open counting regions opened.
    high: Cell<i64>,
    /// Times that something was left out.
    lost: Cell<u64>,
}

thread_local! {
    static COUNTERS: Counters = const {
        Counters {
            allocs: Cell::new(0),
            reallocs: Cell::new(0),
            deallocs: Cell::new(0),
            failed: Cell::new(0),
            bytes_allocated: Cell::new(0),
            bytes_freed: Cell::new(0),
            live: Cell::new(0),
            high: Cell::new(0),
            lost: Cell::new(0),
        }
    };
}

/// A counting region: its record, and what the counters held when it opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    serial: Serial,
    tally: Tally,
    live: i64,
    lost: u64,
}

impl Mark {
    pub(crate) const fn serial(&self) -> Serial {
        self.serial
    }
}

/// Opens a counting region; `None` where it cannot count.
pub(crate) fn open() -> Option<Mark> {
    COUNTERS
        .try_with(|counters| {
            let serial = open::measuring(Kind::Counting, word::COUNTING, counters.high.get());
            if serial.is_none() {
                return None;
            }
            let live = counters.live.get();
            counters.high.set(live);
            Some(Mark { serial, tally: counters.tally(), live, lost: counters.lost.get() })
        })
        .ok()
        .flatten()
}

/// Ends a counting region; returns what was counted since it opened, or none if something was left out. Further out
/// regions' high-water marks take in this one's.
pub(crate) fn close(mark: Mark) -> Option<Tally> {
    let high = end::measuring(mark.serial, settle)?;
    COUNTERS
        .try_with(|counters| {
            let now = counters.tally();
            let then = mark.tally;
            (counters.lost.get() == mark.lost).then_some(Tally {
                allocs: now.allocs.wrapping_sub(then.allocs),
                reallocs: now.reallocs.wrapping_sub(then.reallocs),
                deallocs: now.deallocs.wrapping_sub(then.deallocs),
                failed: now.failed.wrapping_sub(then.failed),
                bytes_allocated: now.bytes_allocated.wrapping_sub(then.bytes_allocated),
                bytes_freed: now.bytes_freed.wrapping_sub(then.bytes_freed),
                peak_bytes: u64::try_from(high.wrapping_sub(mark.live)).unwrap_or(0),
            })
        })
        .ok()
        .flatten()
}

/// A counting region's record is about to end: hands its high-water mark on, and returns it.
fn settle(table: &Table, record: &Record) -> i64 {
    COUNTERS
        .try_with(|counters| {
            let before = record.figure.get();
            // The regions that opened later each have what was the highest until then.
            let mut high = counters.high.get();
            let mut newer: Option<&Record> = None;
            for index in (0..table.len()).rev() {
                let Some(above) = table.record(index) else { break };
                if core::ptr::eq(above, record) {
                    break;
                }
                if above.kind() == Kind::Counting {
                    high = high.max(above.figure.get());
                    newer = Some(above);
                }
            }
            match newer {
                Some(newer) => newer.figure.set(newer.figure.get().max(before)),
                None => counters.high.set(high.max(before)),
            }
            high
        })
        .unwrap_or(0)
}

/// Notes that events of this thread's regions will not be counted.
pub(crate) fn lose() {
    let _ = COUNTERS.try_with(|counters| counters.lost.set(counters.lost.get().wrapping_add(1)));
}

/// Adds what another thread counted.
pub(crate) fn add(other: Tally) {
    let _ = COUNTERS.try_with(|counters| {
        let high = counters.live.get().saturating_add_unsigned(other.peak_bytes);
        add_to(&counters.allocs, other.allocs);
        add_to(&counters.reallocs, other.reallocs);
        add_to(&counters.deallocs, other.deallocs);
        add_to(&counters.failed, other.failed);
        add_to(&counters.bytes_allocated, other.bytes_allocated);
        add_to(&counters.bytes_freed, other.bytes_freed);
        let change =
            0_i64.wrapping_add_unsigned(other.bytes_allocated).wrapping_sub_unsigned(other.bytes_freed);
        counters.change_live(change);
        counters.high.set(counters.high.get().max(high));
    });
}

/// Adds one event.
#[inline(always)]
pub(super) fn count(request: &Request, succeeded: bool) {
    let _ = COUNTERS.try_with(|counters| {
        if !succeeded {
            return add_to(&counters.failed, 1);
        }
        match request.op {
            Op::Alloc | Op::AllocZeroed => {
                add_to(&counters.allocs, 1);
                add_to(&counters.bytes_allocated, request.size as u64);
            }
            Op::Realloc => {
                add_to(&counters.reallocs, 1);
                add_to(&counters.bytes_allocated, request.size as u64);
                add_to(&counters.bytes_freed, request.old_size as u64);
            }
            Op::Dealloc => {
                add_to(&counters.deallocs, 1);
                add_to(&counters.bytes_freed, request.size as u64);
            }
        }
        counters.change_live(request.change());
    });
}

#[inline(always)]
fn add_to(figure: &Cell<u64>, more: u64) {
    figure.set(figure.get().wrapping_add(more));
}

impl Counters {
    #[inline(always)]
    fn change_live(&self, change: i64) {
        self.live.set(self.live.get().wrapping_add(change));
        let live = self.live.get();
        if live > self.high.get() {
            self.high.set(live);
        }
    }

    /// The figures, but for the peak.
    fn tally(&self) -> Tally {
        Tally {
            allocs: self.allocs.get(),
            reallocs: self.reallocs.get(),
            deallocs: self.deallocs.get(),
            failed: self.failed.get(),
            bytes_allocated: self.bytes_allocated.get(),
            bytes_freed: self.bytes_freed.get(),
            peak_bytes: 0,
        }
    }
}
