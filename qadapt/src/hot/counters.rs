//! This thread's counters of events, which only go up while a counting region is open.

use core::cell::Cell;
use core::mem::MaybeUninit;

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::request::Request;
use super::table::{self, Table};
use super::{end, figure, open, word};
use crate::model::{High, Op, Tally};

/// Each figure changes in one step, so that what a signal handler adds in between is not lost.
struct Counters {
    allocs: Cell<u64>,
    reallocs: Cell<u64>,
    deallocs: Cell<u64>,
    failed: Cell<u64>,
    bytes: Cell<u64>,
    freed_bytes: Cell<u64>,
    net_realloc_bytes: Cell<i64>,
    /// The highest value of [`live`](Self::live) since the newest of the open counting regions opened.
    high: Cell<i64>,
    /// The same of the blocks: of `allocs` less `deallocs`.
    high_blocks: Cell<i64>,
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
            bytes: Cell::new(0),
            freed_bytes: Cell::new(0),
            net_realloc_bytes: Cell::new(0),
            high: Cell::new(0),
            high_blocks: Cell::new(0),
            lost: Cell::new(0),
        }
    };
}

/// A counting region: its record, and what the counters held when it opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark<'a> {
    serial: Serial,
    /// Nothing, where no other counting region was open: then the counters began at 0.
    then: Option<&'a Then>,
}

impl Mark<'_> {
    /// The record's.
    pub(crate) const fn serial(&self) -> Serial {
        self.serial
    }
}

/// What the counters held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Then {
    tally: Tally,
    high: High,
    lost: u64,
    /// Own work hides all counting regions around it: what is counted here is not theirs.
    is_hidden: bool,
}

/// Opens a counting region; `None` where it cannot count. What the counters hold is kept in `then`, if that is needed.
pub(crate) fn open(then: &mut MaybeUninit<Then>) -> Option<Mark<'_>> {
    if let Some(only) = open_only() {
        return Some(only);
    }
    COUNTERS.try_with(|counters| counters.open_further(then, false)).ok().flatten()
}

/// The same for a region that counts system calls too.
pub(crate) fn open_with_calls(then: &mut MaybeUninit<Then>) -> Option<Mark<'_>> {
    COUNTERS.try_with(|counters| counters.open_further(then, true)).ok().flatten()
}

/// Opens a counting region where nothing is open; `None` if that is not so.
#[inline(always)]
pub(crate) fn open_only() -> Option<Mark<'static>> {
    open_only_at(&Tally::NOTHING)
}

/// The same for a region that goes on counting from what it has counted, and whose peaks are known.
#[inline(always)]
pub(crate) fn open_only_at(tally: &Tally) -> Option<Mark<'static>> {
    let serial = open::only_counting()?;
    COUNTERS
        .try_with(|counters| {
            counters.begin_at(tally);
            // What the body does comes after, also for a signal handler.
            table::step();
            Mark { serial, then: None }
        })
        .ok()
}

/// Ends a counting region that is all that is open, and returns what was counted since it opened; `None` where that is not so.
#[inline(always)]
pub(crate) fn close_only(mark: Mark<'_>) -> Option<Tally> {
    if mark.then.is_some() {
        return None;
    }
    // What the body did came before.
    table::step();
    table::with(|table| {
        let only = table.only(|only| only.serial() == mark.serial)?;
        COUNTERS
            .try_with(|counters| {
                if counters.lost.get() != 0 {
                    return None;
                }
                let tally = counters.tally_with_peaks();
                table.pop_only(only);
                Some(tally)
            })
            .ok()
            .flatten()
    })
    .flatten()
}

/// Ends a counting region; returns what was counted since it opened, or none if something was left out. What regions further
/// out have had at most takes in what this one had.
///
/// The loans of the region go to `settle_loans` before, with whether what lies around it also lends what was lent there.
pub(crate) fn close(mark: Mark<'_>, settle_loans: impl FnOnce(Head, bool)) -> Option<Tally> {
    COUNTERS
        .try_with(|counters| {
            // The figures are read while the record is there: a signal handler's first counting region begins at 0.
            let (high, now, lost) = end::measuring(mark.serial, settle_loans, |table, record, is_top| {
                (counters.end(table, record, is_top), counters.tally(), counters.lost.get())
            })?;
            let Some(then) = mark.then else {
                return (lost == 0).then_some(now.with_peaks(high.bytes, high.blocks));
            };
            let is_complete = lost == then.lost;
            if then.is_hidden {
                counters.rewind(then);
            }
            let bytes = high.bytes.wrapping_sub(then.tally.net_bytes());
            let blocks = high.blocks.wrapping_sub(then.tally.net_blocks());
            is_complete.then_some(now.since(&then.tally).with_peaks(bytes, blocks))
        })
        .ok()
        .flatten()
}

/// True if another counting region is open than the newest record, which is one: own work hides it.
#[inline(always)]
fn is_hidden() -> bool {
    table::with(|table| table.len() > 1 && counts_below(table)).unwrap_or(false)
}

#[cold]
#[inline(never)]
fn counts_below(table: &Table) -> bool {
    (0..table.len() - 1)
        .any(|index| table.record(index).is_some_and(|record| record.kind() == Kind::Counting))
}

/// Notes that events of this thread's regions will not be counted.
pub(crate) fn lose() {
    let _ = COUNTERS.try_with(|counters| counters.lost.set(counters.lost.get().wrapping_add(1)));
}

/// Adds what another thread counted.
pub(crate) fn add(other: Tally) {
    let _ = COUNTERS.try_with(|counters| {
        let bytes = counters.live().saturating_add_unsigned(other.peak_bytes);
        let blocks = counters.tally().net_blocks().saturating_add_unsigned(other.peak_blocks);
        figure::add(&counters.allocs, other.allocs);
        figure::add(&counters.reallocs, other.reallocs);
        figure::add(&counters.deallocs, other.deallocs);
        figure::add(&counters.failed, other.failed);
        figure::add(&counters.bytes, other.bytes);
        figure::add(&counters.freed_bytes, other.freed_bytes);
        figure::change(&counters.net_realloc_bytes, other.net_realloc_bytes);
        let now = High { bytes: counters.live(), blocks: counters.tally().net_blocks() };
        counters.set_high(counters.high().max(now).max(High { bytes, blocks }));
    });
}

/// Adds one event.
#[inline(always)]
pub(super) fn count(request: &Request, succeeded: bool) {
    let Request { op, size, old_size, .. } = *request;
    // A closure for each: so small that the compiler writes it where it is called.
    let _ = match op {
        _ if !succeeded => COUNTERS.try_with(|counters| figure::add(&counters.failed, 1)),
        Op::Alloc | Op::AllocZeroed => COUNTERS.try_with(|counters| counters.allocated(size as u64)),
        Op::Realloc => COUNTERS.try_with(|counters| counters.reallocated(size as u64, old_size as u64)),
        Op::Dealloc => COUNTERS.try_with(|counters| {
            figure::add(&counters.deallocs, 1);
            figure::add(&counters.freed_bytes, size as u64);
        }),
        Op::SystemCall => Ok(()),
    };
}

/// The number with the same bits: two's complement gives the signed difference.
#[inline(always)]
const fn signed(number: u64) -> i64 {
    0_i64.wrapping_add_unsigned(number)
}

#[inline(always)]
const fn unsigned(number: i64) -> u64 {
    0_u64.wrapping_add_signed(number)
}

impl Counters {
    #[inline(always)]
    fn allocated(&self, size: u64) {
        figure::add(&self.allocs, 1);
        figure::add(&self.bytes, size);
        self.raise_high();
        let blocks = signed(self.allocs.get().wrapping_sub(self.deallocs.get()));
        if blocks > self.high_blocks.get() {
            self.high_blocks.set(blocks);
        }
    }

    #[inline(always)]
    fn reallocated(&self, size: u64, old_size: u64) {
        figure::add(&self.reallocs, 1);
        figure::add(&self.bytes, size);
        figure::add(&self.freed_bytes, old_size);
        figure::change(&self.net_realloc_bytes, signed(size.wrapping_sub(old_size)));
        self.raise_high();
    }

    /// Bytes live since the thread began to count; may be negative.
    #[inline(always)]
    fn live(&self) -> i64 {
        signed(self.bytes.get().wrapping_sub(self.freed_bytes.get()))
    }

    #[inline(always)]
    fn raise_high(&self) {
        let live = self.live();
        if live > self.high.get() {
            self.high.set(live);
        }
    }

    #[inline(always)]
    fn high(&self) -> High {
        High { bytes: self.high.get(), blocks: self.high_blocks.get() }
    }

    #[inline(always)]
    fn set_high(&self, high: High) {
        self.high.set(high.bytes);
        self.high_blocks.set(high.blocks);
    }

    /// The figures, but for the peaks.
    #[inline(always)]
    fn tally(&self) -> Tally {
        Tally {
            allocs: self.allocs.get(),
            reallocs: self.reallocs.get(),
            deallocs: self.deallocs.get(),
            failed: self.failed.get(),
            bytes: self.bytes.get(),
            freed_bytes: self.freed_bytes.get(),
            net_realloc_bytes: self.net_realloc_bytes.get(),
            ..Tally::NOTHING
        }
    }

    /// The figures of the one region that is open.
    #[inline(always)]
    fn tally_with_peaks(&self) -> Tally {
        // They began at 0 or above, and only rise.
        let peak_bytes = unsigned(self.high.get());
        let peak_blocks = unsigned(self.high_blocks.get());
        Tally { peak_bytes, peak_blocks, ..self.tally() }
    }

    fn open_further<'a>(&self, then: &'a mut MaybeUninit<Then>, calls: bool) -> Option<Mark<'a>> {
        let high = self.high();
        let is_nested = word::get() & word::COUNTING != 0;
        let serial = open::counting(high, calls);
        if serial.is_none() {
            return None;
        }
        let then = if is_nested || is_hidden() {
            let then = then.write(self.then(high, !is_nested));
            self.set_high(High { bytes: self.live(), blocks: self.tally().net_blocks() });
            Some(&*then)
        } else {
            self.begin_at(&Tally::NOTHING);
            None
        };
        Some(Mark { serial, then })
    }

    fn then(&self, high: High, is_hidden: bool) -> Then {
        Then { tally: self.tally(), high, lost: self.lost.get(), is_hidden }
    }

    /// Sets the figures back to where a region began.
    #[cold]
    #[inline(never)]
    fn rewind(&self, to: &Then) {
        self.begin_at(&to.tally);
        self.set_high(to.high);
        self.lost.set(to.lost);
    }

    #[inline(always)]
    fn begin_at(&self, tally: &Tally) {
        self.allocs.set(tally.allocs);
        self.reallocs.set(tally.reallocs);
        self.deallocs.set(tally.deallocs);
        self.failed.set(tally.failed);
        self.bytes.set(tally.bytes);
        self.freed_bytes.set(tally.freed_bytes);
        self.net_realloc_bytes.set(tally.net_realloc_bytes);
        self.high.set(signed(tally.peak_bytes));
        self.high_blocks.set(signed(tally.peak_blocks));
        self.lost.set(0);
    }

    /// A counting region's record is about to end: hands what it had at most on, and returns that.
    #[inline(always)]
    fn end(&self, table: &Table, record: &Record, is_top: bool) -> High {
        let high = self.high();
        if is_top {
            self.set_high(high.max(record.high()));
            return high;
        }
        self.end_below(table, record)
    }

    /// The regions that opened later each have what was the most until then.
    #[cold]
    #[inline(never)]
    fn end_below(&self, table: &Table, record: &Record) -> High {
        let before = record.high();
        let mut high = self.high();
        let mut next: Option<&Record> = None;
        table.for_each(|above| {
            let is_above = !core::ptr::eq(above, record);
            if is_above && above.kind() == Kind::Counting {
                high = high.max(above.high());
                next = Some(above);
            }
            is_above
        });
        match next {
            Some(next) => next.set_high(next.high().max(before)),
            None => self.set_high(self.high().max(before)),
        }
        high
    }
}
