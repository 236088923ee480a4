//! The table of what is open on a thread.
//!
//! Each thing that is open and is not on a fast path has one [`Record`]: slow closure regions, guards, manual regions,
//! permits, counting regions, own work. The newest is on top. The thread's [word](super::word) is what the top record says, or
//! `base` where there is none.
//!
//! ```text
//!              base   record 0     record 1     record 2
//!              +---+  +---------+  +---------+  +---------+
//!              | w |  | Policy  |  | Manual  |  | Guard   |
//! word with it | w |  | w|flags |  | +LEVEL  |  | |flags  | = the thread's word, with ATTENTION
//!              +---+  +---------+  +---------+  +---------+
//!  push:  length 3 -> 4 (nobody else gets place 3)  ->  fill it  ->  write its kind  ->  the word
//!  end 1: kind 1 = Free  ->  2 moves to 1, with what it makes of the word  ->  length 3 -> 2  ->  the word
//! ```
//!
//! A signal handler may come between any two of these steps, open what it likes on top and end it again; so it leaves the
//! table as it was. It looks at nothing below the top but through what the top record says, so that it never
//! sees a step half done. Nothing here is read by another thread.
//!
//! The first records lie in the thread's own memory, further ones in pages that are mapped when they are needed. Records
//! are found by serial, or by the address of a frame as a mere number: no pointer leads from a record to anything of the user's.

mod chunks;
mod short;

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use super::head::Head;
use super::record::{Kind, Record, Serial};
use super::spending::Total;
use super::{figure, setting, word};
use crate::checks;
use crate::model::Place;

/// Records in the thread's own memory.
const INLINE: usize = 16;
/// Pieces of memory beyond, each as large as all before it.
const CHUNKS: usize = 12;
/// Records that a thread can have.
const ROOM: usize = INLINE << CHUNKS;
/// Those that only own work may have: what is said of a full table needs some.
const RESERVED: usize = 64;
/// Records that all else can have.
pub(crate) const ROOM_FOR_REGIONS: usize = ROOM - RESERVED;
/// A serial has its thread's number from this bit on.
const THREAD: u32 = 40;
/// Something is pending.
const PENDING: u8 = 1;
/// There is a debt.
const DEBT: u8 = 2;
/// There is a [reason of the process's](setting::is_alert), as far as this thread has seen.
const ALERT: u8 = 4;
/// [Samples](super::profile::unnamed) wait for the end of a region.
#[cfg(feature = "profile")]
const UNNAMED: u8 = 8;

/// What is open on one thread, and what belongs to that.
#[derive(Debug)]
pub(crate) struct Table {
    length: Cell<usize>,
    /// The word of what fast edges opened, below all records. It is the word itself where there is no record.
    base: Cell<i64>,
    /// This thread, by a number that no other thread has; 0 until it is needed.
    thread: Cell<u64>,
    serials: Cell<u64>,
    /// Closures that are open and have no record, because the table was full.
    overflow: Cell<u32>,
    /// Reasons for which the thread's edges are slow: [`PENDING`], [`DEBT`], [`ALERT`], and samples that wait.
    asks: Cell<u8>,
    /// What regions of other stacks have taken off while a fast permit hid it, and the permit must not put back.
    debt: Cell<i64>,
    /// Manual regions that have no record, because the table was full, and the closure that they are in: its serial.
    unnoted: Cell<(u32, u64)>,
    /// What was used while a budget was open.
    pub(super) total: Total,
    /// A record of this thread shares a budget.
    pub(super) is_sharing: Cell<bool>,
    inline: [Record; INLINE],
    chunks: [Cell<*mut Record>; CHUNKS],
}

thread_local! {
    // All of it is zero, so that a thread's start copies nothing.
    static TABLE: Table = const {
        Table {
            length: Cell::new(0),
            base: Cell::new(0),
            thread: Cell::new(0),
            serials: Cell::new(0),
            overflow: Cell::new(0),
            asks: Cell::new(0),
            debt: Cell::new(0),
            unnoted: Cell::new((0, 0)),
            total: Total {
                allocs: Cell::new(0),
                requests: Cell::new(0),
                bytes: Cell::new(0),
                live: Cell::new(0),
            },
            is_sharing: Cell::new(false),
            inline: [const { Record::FREE }; INLINE],
            chunks: [const { Cell::new(ptr::null_mut()) }; CHUNKS],
        }
    };
}

/// Reads or changes this thread's table; `None` where the thread-local cannot be had, and where nothing is noted.
#[inline(always)]
pub(crate) fn with<R>(act: impl FnOnce(&Table) -> R) -> Option<R> {
    // Nothing calls it there. A constant says so to the compiler, which then need not compile what would be done.
    if checks::NOTES_WHAT_IS_OPEN { TABLE.try_with(act).ok() } else { None }
}

/// This thread's number, which no other thread has or had; 0 where the thread-local cannot be had.
pub(crate) fn thread_number() -> u64 {
    with(Table::thread).unwrap_or(0)
}

/// The place of the innermost region that has one.
pub(crate) fn innermost_place() -> Option<Place> {
    innermost_place_from(0)
}

/// The same, but for regions whose records were among the first so many.
pub(crate) fn innermost_place_from(first: usize) -> Option<Place> {
    with(|table| {
        let index = table.find(|record| record.kind().is_region()).filter(|&index| index >= first)?;
        table.record(index)?.place()
    })
    .flatten()
}

/// True if something is pending, for any region.
#[inline(always)]
pub(super) fn is_pending() -> bool {
    with(|table| table.asks.get() & PENDING != 0).unwrap_or(false)
}

/// Says whether something is pending.
pub(super) fn set_pending(is_pending: bool) {
    let _ = with(|table| figure::set_bits(&table.asks, PENDING, is_pending));
}

/// True if samples wait for the end of a region.
#[cfg(feature = "profile")]
pub(super) fn has_unnamed() -> bool {
    with(|table| table.asks.get() & UNNAMED != 0).unwrap_or(false)
}

/// Says whether samples do.
#[cfg(feature = "profile")]
pub(super) fn set_unnamed(wait: bool) {
    let _ = with(|table| figure::set_bits(&table.asks, UNNAMED, wait));
}

/// What is open that has no record.
#[cfg(feature = "profile")]
pub(super) fn base_word() -> i64 {
    with(|table| if table.len() == 0 { word::get() } else { table.base() }).unwrap_or(0)
}

/// The place of a region of this thread's that has a record.
pub(crate) fn place_of(serial: Serial) -> Option<Place> {
    with(|table| table.record(table.find(|record| record.serial() == serial)?)?.place()).flatten()
}

/// True if something of this kind is open.
pub(crate) fn has(kind: Kind) -> bool {
    with(|table| table.find(|record| record.kind() == kind).is_some()).unwrap_or(false)
}

/// Whose a violation is that happens now.
#[inline(always)]
pub(crate) fn reporter() -> Serial {
    with(|table| table.top().map_or(Serial::NONE, Record::reporter)).unwrap_or(Serial::NONE)
}

/// True if nothing is open on this thread: no record, and nothing below.
pub(crate) fn is_idle() -> bool {
    with(|table| table.len() == 0 && table.base() & !word::SAMPLED == 0).unwrap_or(true)
}

/// True if something is open that has a record.
pub(crate) fn is_any_open() -> bool {
    with(|table| table.len() > 0).unwrap_or(false)
}

/// A signal handler may come here: what was written above is written, as far as this thread can tell.
#[inline(always)]
pub(super) fn step() {
    compiler_fence(Ordering::SeqCst);
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.length.get()
    }

    /// The record at a place.
    #[inline(always)]
    pub(crate) fn record(&self, index: usize) -> Option<&Record> {
        self.inline.get(index).or_else(|| self.outside(index))
    }

    /// The record at a place, whose memory is mapped if it is not there yet; `None` where there is none.
    #[inline(always)]
    fn room(&self, index: usize) -> Option<&Record> {
        self.inline.get(index).or_else(|| self.mapped(index))
    }

    /// The topmost record below a place.
    #[inline(always)]
    pub(crate) fn below(&self, index: usize) -> Option<&Record> {
        let mut index = index;
        // One step, but where a signal handler asks while a record is being filled or moved.
        while index > 0 {
            index -= 1;
            let record = self.record(index)?;
            if record.kind.get() != Kind::Free {
                return Some(record);
            }
        }
        None
    }

    /// The newest record.
    #[inline(always)]
    pub(crate) fn top(&self) -> Option<&Record> {
        self.below(self.length.get())
    }

    /// What is open, as the word has it.
    #[inline(always)]
    pub(super) fn word(&self) -> i64 {
        self.top().map_or(self.base.get(), Record::word)
    }

    pub(super) fn base(&self) -> i64 {
        self.base.get()
    }

    /// Changes what is open below all records. A step is under way.
    pub(super) fn set_base(&self, base: i64) {
        if self.length.get() == 0 {
            // First the word: a signal handler that opens the first record takes its base from there.
            word::set(base | word::get() & word::STATE);
            step();
        }
        self.base.set(base);
    }

    /// Takes over what the word says to be open below all records.
    #[inline(always)]
    pub(super) fn take_base(&self, base: i64) {
        self.base.set(base);
    }

    pub(super) fn debt(&self) -> i64 {
        self.debt.get()
    }

    pub(super) fn set_debt(&self, debt: i64) {
        self.debt.set(debt);
        figure::set_bits(&self.asks, DEBT, debt != 0);
    }

    /// True if there is a reason for which the thread's edges are slow.
    #[inline(always)]
    pub(super) fn asks(&self) -> bool {
        self.notice();
        self.asks.get() != 0
    }

    /// Looks for reasons of the process's.
    #[inline(always)]
    pub(super) fn notice(&self) {
        let is_alert = setting::is_alert();
        if is_alert != (self.asks.get() & ALERT != 0) {
            figure::set_bits(&self.asks, ALERT, is_alert);
        }
    }

    /// A closure opened for which there was no room.
    pub(super) fn overflow(&self) {
        self.overflow.set(self.overflow.get().saturating_add(1));
    }

    /// A closure without a record ended: true if it was one of those.
    pub(super) fn underflow(&self) -> bool {
        let open = self.overflow.get();
        self.overflow.set(open.saturating_sub(1));
        open > 0
    }

    /// A manual region opened for which there was no room.
    pub(super) fn leave_unnoted(&self) {
        let closure = self.closure();
        let (open, inside) = self.unnoted.get();
        let before = if inside == closure { open } else { 0 };
        self.unnoted.set((before.saturating_add(1), closure));
    }

    /// A manual region ends: true if it is one of those, which are the newest of their closure's.
    pub(super) fn end_unnoted(&self) -> bool {
        let (open, inside) = self.unnoted.get();
        let is_one = open > 0 && inside == self.closure();
        if is_one {
            self.unnoted.set((open - 1, inside));
        }
        is_one
    }

    /// The innermost closure: its serial.
    fn closure(&self) -> u64 {
        self.top().map_or(0, Record::closure)
    }

    #[inline(always)]
    fn next_serial(&self) -> u64 {
        if self.serials.get() == 0 {
            self.begin_serials();
        }
        let serial = self.serials.get().wrapping_add(1);
        self.serials.set(serial);
        serial
    }

    /// A thread's serials begin where no other thread's reach; they go on from there whatever comes first.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_serials(&self) {
        if self.serials.get() == 0 {
            self.serials.set(self.thread() << THREAD);
        }
    }

    /// True if a serial is one of this thread's.
    pub(super) fn gave(&self, serial: Serial) -> bool {
        serial.0 >> THREAD == self.thread()
    }

    fn thread(&self) -> u64 {
        /// Threads that have a number. Relaxed: only that each is given once.
        static THREADS: AtomicU64 = AtomicU64::new(0);
        if self.thread.get() == 0 {
            self.thread.set(THREADS.fetch_add(1, Ordering::Relaxed) + 1);
        }
        self.thread.get()
    }

    /// Opens a record on top, and returns it; `None` where there is no room. `fill` adds what this kind needs, before it counts as
    /// open: it is told the record's place and the one below.
    #[inline(always)]
    pub(super) fn push(
        &self,
        kind: Kind,
        fill: impl FnOnce(&Record, usize, Option<&Record>),
    ) -> Option<&Record> {
        let index = self.length.get();
        let record = self.room(index)?;
        self.length.set(index + 1);
        step();
        let below = self.below(index);
        record.serial.set(self.next_serial());
        record.flags.set(0);
        record.loans.set(Head::NONE);
        fill(record, index, below);
        record.settle_on(kind, below, self.base.get());
        step();
        record.kind.set(kind);
        Some(record)
    }

    /// Where the record with a serial is, looked for from the top; the same for a free choice of records.
    pub(crate) fn find<'a>(&'a self, mut is_it: impl FnMut(&'a Record) -> bool) -> Option<usize> {
        let mut index = self.length.get();
        while index > 0 {
            index -= 1;
            let record = self.record(index)?;
            if record.kind.get() != Kind::Free && is_it(record) {
                return Some(index);
            }
        }
        None
    }

    /// Ends the newest record, which is at this place.
    #[inline(always)]
    pub(super) fn pop(&self, index: usize, record: &Record) {
        record.kind.set(Kind::Free);
        step();
        // First the word, then the length: see `set_base`.
        let word = self.below(index).map_or(self.base.get(), Record::word);
        word::set(word | word::ATTENTION | word::get() & word::STATE);
        step();
        self.length.set(index);
    }

    /// Ends the record at a place: those above it move down, and say what they make of the word without it.
    pub(super) fn end(&self, index: usize) {
        let Some(record) = self.record(index) else { return };
        let length = self.length.get();
        let mut free = record;
        for above in index + 1..length {
            let Some(from) = self.record(above) else { break };
            let kind = from.kind.get();
            free.kind.set(Kind::Free);
            step();
            free.take(from);
            free.settle_on(kind, self.below(above - 1), self.base.get());
            step();
            free.kind.set(kind);
            free = from;
        }
        self.pop(length - 1, free);
    }

    /// Works out anew what each record makes of the word, from a place on.
    pub(super) fn settle_from(&self, index: usize) {
        for index in index..self.length.get() {
            if let Some(record) = self.record(index) {
                record.settle_on(record.kind.get(), self.below(index), self.base.get());
            }
        }
    }

    /// Visits the open records, newest first, as long as `visit` returns true.
    pub(crate) fn for_each<'a>(&'a self, mut visit: impl FnMut(&'a Record) -> bool) {
        let _ = self.find(|record| !visit(record));
    }
}
