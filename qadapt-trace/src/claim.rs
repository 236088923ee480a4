//! Claiming entries of the tables, and room for them on the disk, which is reserved some pages ahead.

use core::sync::atomic::Ordering;

use crate::format::{Table, flags};
use crate::layout::Trace;
use crate::room::Room;

/// The least that is reserved at once. A small program's trace has this much of each table.
const STEP: u64 = 16 << 10;

impl<R: Room> Trace<R> {
    /// Claims the next entries of a table and returns the number of the first; counts them as lost where there is no
    /// room for them.
    pub(crate) fn claim(&self, table: Table, how_many: u64) -> Option<u64> {
        let section = self.section(table);
        // Relaxed: the claim has to be exclusive, which a read-modify-write is, and orders nothing.
        let mut used = section.used.load(Ordering::Relaxed);
        loop {
            let end = used + how_many;
            if end > section.capacity.load(Ordering::Relaxed) || !self.has_room(table, end) {
                section.lost.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            match section.used.compare_exchange_weak(used, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(used),
                Err(now) => used = now,
            }
        }
    }

    /// True if so many entries of a table have room on the disk, some more than which are reserved at once.
    pub(crate) fn has_room(&self, table: Table, entries: u64) -> bool {
        let section = self.section(table);
        let size = section.entry_size.load(Ordering::Relaxed);
        let Some(needed) = entries.checked_mul(size) else { return false };
        let Some(reserved) = self.own.reserved.get(table as usize) else { return false };
        // Relaxed: what is reserved stays so, and no memory is handed over.
        let before = reserved.load(Ordering::Relaxed);
        if needed <= before {
            return true;
        }
        let whole = section.capacity.load(Ordering::Relaxed).saturating_mul(size);
        // As much again as there is: a table that fills up asks a few times only.
        let after = needed.max(before * 2).next_multiple_of(STEP).min(whole);
        let offset = section.offset.load(Ordering::Relaxed);
        let is_there = R::reserve(offset + before, after - before);
        if is_there {
            reserved.fetch_max(after, Ordering::Relaxed);
        } else {
            self.set_flags(flags::NO_ROOM);
        }
        is_there
    }
}
