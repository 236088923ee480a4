//! Live memory: which site's blocks are alive, how many were at the peak, and what became of the rest.
//!
//! A site that changes looks first whether the process has reached a new peak since it changed last. Then what it has now is what
//! it had at that peak. So a peak costs one addition, however many sites there are.
//!
//! ```text
//! process's peaks      1     2           3
//! site's blocks     ---1-----2---3---2---------1
//! looks, and keeps           |   2 (at peak 2) | 2 (at peak 3)
//! ```

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use crate::add::{add, increased, raise};
use crate::bytes::number;
use crate::layout::{HeaderRow, LiveRow, SiteRow, Trace};
use crate::room::Room;

/// The blocks that a site's events made. With several threads, what it had at the peak is right but for what other threads do
/// in the same instant; all else is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Bytes that are alive.
    pub bytes: u64,
    /// Blocks that are alive.
    pub blocks: u64,
    /// Bytes that were alive when the process had the most bytes; of several such moments at the last.
    pub peak_bytes: u64,
    /// Blocks that were alive then.
    pub peak_blocks: u64,
    /// The most bytes that were alive at once.
    pub most_bytes: u64,
    /// The blocks that were alive when it had the most bytes first.
    pub most_blocks: u64,
    /// Blocks that the region's entry which asked for them has given back before it ended.
    pub inside: u64,
    /// Blocks that were given back otherwise: later, or by another thread.
    pub later: u64,
    /// How long all blocks that were given back have lived, together, by the [clock](Total::clock).
    pub lifetime: u64,
    /// By the same clock, when each block that is alive was made, together.
    pub births: u64,
}

/// All blocks of a process together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How often a block was made, resized or given back: the clock that lifetimes are measured by.
    pub clock: u64,
    /// Bytes that are alive.
    pub bytes: u64,
    /// Blocks that are alive.
    pub blocks: u64,
    /// The most bytes that were alive at once.
    pub peak_bytes: u64,
    /// The blocks that were alive then.
    pub peak_blocks: u64,
    /// When that was, for the last time.
    pub peak_at: u64,
    /// Blocks that could not be followed.
    pub lost: u64,
}

impl Live {
    /// Reads one out of a site's entry; none if it is not there. `peak` is the number of the process's last peak.
    pub(crate) fn parse(entry: &[u8], peak: u64) -> Option<Self> {
        let at = offset_of!(SiteRow, live);
        let field = |offset| number(entry, at + offset);
        let mut live = Self {
            bytes: field(offset_of!(LiveRow, bytes))?,
            blocks: field(offset_of!(LiveRow, blocks))?,
            peak_bytes: field(offset_of!(LiveRow, peak_bytes))?,
            peak_blocks: field(offset_of!(LiveRow, peak_blocks))?,
            most_bytes: field(offset_of!(LiveRow, most_bytes))?,
            most_blocks: field(offset_of!(LiveRow, most_blocks))?,
            inside: field(offset_of!(LiveRow, inside))?,
            later: field(offset_of!(LiveRow, later))?,
            lifetime: field(offset_of!(LiveRow, lifetime))?,
            births: field(offset_of!(LiveRow, births))?,
        };
        if field(offset_of!(LiveRow, peak))? != peak {
            (live.peak_bytes, live.peak_blocks) = (live.bytes, live.blocks);
        }
        Some(live)
    }
}

impl Total {
    /// Reads it out of a header, with the number of the last peak; none if it is not there.
    pub(crate) fn parse(header: &[u8]) -> Option<(Self, u64)> {
        let field = |offset| number(header, offset);
        let total = Self {
            clock: field(offset_of!(HeaderRow, clock))?,
            bytes: field(offset_of!(HeaderRow, live_bytes))?,
            blocks: field(offset_of!(HeaderRow, live_blocks))?,
            peak_bytes: field(offset_of!(HeaderRow, peak_bytes))?,
            peak_blocks: field(offset_of!(HeaderRow, peak_blocks))?,
            peak_at: field(offset_of!(HeaderRow, peak_at))?,
            lost: field(offset_of!(HeaderRow, live_lost))?,
        };
        Some((total, field(offset_of!(HeaderRow, peak))?))
    }
}

// Relaxed below: as in `write`. Numbers that go down are added to by two's complements.

impl<R: Room> Trace<R> {
    /// A block of so many bytes was made at a site; returns what the clock shows.
    pub fn block_made(&self, site: u32, bytes: u64) -> u64 {
        let now = self.tick();
        let Some(row) = self.change(site) else { return now };
        add::<R>(&row.births, now);
        self.grow(row, bytes, 1, now);
        now
    }

    /// A site's block has another size.
    pub fn block_resized(&self, site: u32, before: u64, after: u64) {
        let now = self.tick();
        let Some(row) = self.change(site) else { return };
        if after >= before {
            self.grow(row, after - before, 0, now);
        } else {
            self.shrink(row, before - after, 0);
        }
    }

    /// A site's block was given back that was made at `birth`; `inside` says whether by the entry that asked for it.
    pub fn block_gone(&self, site: u32, bytes: u64, birth: u64, inside: bool) {
        let now = self.tick();
        let Some(row) = self.change(site) else { return };
        self.shrink(row, bytes, 1);
        add::<R>(if inside { &row.inside } else { &row.later }, 1);
        add::<R>(&row.lifetime, now.saturating_sub(birth));
        add::<R>(&row.births, birth.wrapping_neg());
    }

    /// A block could not be followed.
    pub fn block_lost(&self) {
        add::<R>(&self.header.live_lost, 1);
    }

    fn tick(&self) -> u64 {
        increased::<R>(&self.header.clock, 1)
    }

    /// The row of a site that is about to change, which keeps what it has at the last peak.
    fn change(&self, site: u32) -> Option<&LiveRow> {
        let row = &self.sites.get(site as usize)?.live;
        let peak = self.header.peak.load(Ordering::Relaxed);
        if row.peak.load(Ordering::Relaxed) != peak {
            row.peak_bytes.store(row.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
            row.peak_blocks.store(row.blocks.load(Ordering::Relaxed), Ordering::Relaxed);
            row.peak.store(peak, Ordering::Relaxed);
        }
        Some(row)
    }

    fn grow(&self, row: &LiveRow, bytes: u64, blocks: u64, now: u64) {
        let own_bytes = increased::<R>(&row.bytes, bytes);
        let own_blocks = increased::<R>(&row.blocks, blocks);
        if own_bytes > row.most_bytes.load(Ordering::Relaxed) {
            raise(&row.most_bytes, own_bytes);
            row.most_blocks.store(own_blocks, Ordering::Relaxed);
        }
        let header = &self.header;
        let all_bytes = increased::<R>(&header.live_bytes, bytes);
        let all_blocks = increased::<R>(&header.live_blocks, blocks);
        if all_bytes >= header.peak_bytes.load(Ordering::Relaxed) {
            raise(&header.peak_bytes, all_bytes);
            header.peak_blocks.store(all_blocks, Ordering::Relaxed);
            header.peak_at.store(now, Ordering::Relaxed);
            add::<R>(&header.peak, 1);
        }
    }

    fn shrink(&self, row: &LiveRow, bytes: u64, blocks: u64) {
        add::<R>(&row.bytes, bytes.wrapping_neg());
        add::<R>(&row.blocks, blocks.wrapping_neg());
        add::<R>(&self.header.live_bytes, bytes.wrapping_neg());
        add::<R>(&self.header.live_blocks, blocks.wrapping_neg());
    }
}
