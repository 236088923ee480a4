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
use crate::format::flags;
use crate::layout::{HeaderRow, LiveRow, SiteRow, Trace};
use crate::room::Room;
use crate::sample::{Sampled, Share, interval};

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
    /// What is behind these figures where blocks were sampled.
    pub sampled: Sampled,
}

/// All blocks of a process together. Where blocks were sampled, these are estimates, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How often a block was made, resized or given back: the clock that lifetimes are measured by. Where blocks were sampled it
    /// is the number of all disallowed events.
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
    /// The last [`interval`]; 0 where each block was followed.
    pub interval: u64,
    /// What is behind these figures where blocks were sampled.
    pub sampled: Sampled,
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
            sampled: Sampled::parse(entry, offset_of!(SiteRow, sampled)),
        };
        if field(offset_of!(LiveRow, peak))? != peak {
            (live.peak_bytes, live.peak_blocks) = (live.bytes, live.blocks);
            let sampled = &mut live.sampled;
            (sampled.peak_samples, sampled.peak_variance) = (sampled.samples, sampled.variance);
        }
        Some(live)
    }
}

impl Total {
    /// Reads it out of a header with these flags, with the number of the last peak; none if it is not there.
    pub(crate) fn parse(header: &[u8], set: u64) -> Option<(Self, u64)> {
        let field = |offset| number(header, offset);
        let clock = if set & flags::SAMPLED != 0 {
            offset_of!(HeaderRow, disallowed)
        } else {
            offset_of!(HeaderRow, clock)
        };
        let total = Self {
            clock: field(clock)?,
            bytes: field(offset_of!(HeaderRow, live_bytes))?,
            blocks: field(offset_of!(HeaderRow, live_blocks))?,
            peak_bytes: field(offset_of!(HeaderRow, peak_bytes))?,
            peak_blocks: field(offset_of!(HeaderRow, peak_blocks))?,
            peak_at: field(offset_of!(HeaderRow, peak_at))?,
            lost: field(offset_of!(HeaderRow, live_lost))?,
            interval: if set & flags::LEFT_OUT == 0 {
                0
            } else {
                interval(field(offset_of!(HeaderRow, offered))?)
            },
            sampled: Sampled::parse(header, offset_of!(HeaderRow, sampled)),
        };
        Some((total, field(offset_of!(HeaderRow, peak))?))
    }
}

// Relaxed below: as in `write`. Numbers that go down are added to by two's complements.

impl<R: Room> Trace<R> {
    /// Takes note of a block of so many bytes of which it is not settled yet whether it is followed; returns the
    /// [`interval`] that settles it.
    pub fn block_offered(&self, size: u64) -> u64 {
        interval(increased::<R>(&self.header.offered, size).wrapping_sub(size))
    }

    /// The inner allocator had no such block to give.
    pub fn block_refused(&self, size: u64) {
        add::<R>(&self.header.offered, size.wrapping_neg());
    }

    /// A block was made at a site; returns what the clock shows.
    pub fn block_made(&self, site: u32, share: Share) -> u64 {
        let now = self.tick();
        let Some(row) = self.change(site) else { return now };
        add::<R>(&row.live.births, now.wrapping_mul(share.weight));
        if self.is_sampled() {
            row.sampled.make::<R>(share);
            self.header.sampled.make::<R>(share);
        }
        self.grow(&row.live, share.bytes(), share.weight, now);
        now
    }

    /// A site's block has another size now, of so many bytes.
    pub fn block_resized(&self, site: u32, before: Share, bytes: u64) {
        let now = self.tick();
        let Some(row) = self.change(site) else { return };
        let after = Share { size: bytes, ..before };
        if self.is_sampled() {
            row.sampled.resize::<R>(before, after);
            self.header.sampled.resize::<R>(before, after);
        }
        if after.size >= before.size {
            self.grow(&row.live, after.bytes().saturating_sub(before.bytes()), 0, now);
        } else {
            self.shrink(&row.live, before.bytes().saturating_sub(after.bytes()), 0);
        }
    }

    /// A site's block was given back that was made at `birth`; `inside` says whether by the entry that asked for it.
    pub fn block_gone(&self, site: u32, share: Share, birth: u64, inside: bool) {
        let now = self.tick();
        let Some(row) = self.let_go(site, share, birth) else { return };
        add::<R>(if inside { &row.live.inside } else { &row.live.later }, share.weight);
        add::<R>(&row.live.lifetime, now.saturating_sub(birth).wrapping_mul(share.weight));
        if self.is_sampled() {
            row.sampled.free::<R>(share);
            self.header.sampled.free::<R>(share);
        }
    }

    /// A site's block is not its own any more, but that of another site.
    pub fn block_left(&self, site: u32, share: Share, birth: u64) {
        self.let_go(site, share, birth);
    }

    /// A block could not be followed.
    pub fn block_lost(&self) {
        add::<R>(&self.header.live_lost, 1);
    }

    fn let_go(&self, site: u32, share: Share, birth: u64) -> Option<&SiteRow> {
        let row = self.change(site)?;
        self.shrink(&row.live, share.bytes(), share.weight);
        add::<R>(&row.live.births, birth.wrapping_mul(share.weight).wrapping_neg());
        if self.is_sampled() {
            row.sampled.leave::<R>(share);
            self.header.sampled.leave::<R>(share);
        }
        Some(row)
    }

    fn is_sampled(&self) -> bool {
        self.header.flags.load(Ordering::Relaxed) & flags::SAMPLED != 0
    }

    fn tick(&self) -> u64 {
        if self.is_sampled() {
            self.header.disallowed.load(Ordering::Relaxed)
        } else {
            increased::<R>(&self.header.clock, 1)
        }
    }

    /// A site that is about to change, which keeps what it has at the last peak.
    fn change(&self, site: u32) -> Option<&SiteRow> {
        let site = self.sites.get(site as usize)?;
        let row = &site.live;
        let peak = self.header.peak.load(Ordering::Relaxed);
        if row.peak.load(Ordering::Relaxed) != peak {
            row.peak_bytes.store(row.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
            row.peak_blocks.store(row.blocks.load(Ordering::Relaxed), Ordering::Relaxed);
            if self.is_sampled() {
                site.sampled.keep();
            }
            row.peak.store(peak, Ordering::Relaxed);
        }
        Some(site)
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
            if self.is_sampled() {
                header.sampled.keep();
            }
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
