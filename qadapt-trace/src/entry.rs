//! The entries of the tables, as a reader sees them.

use core::mem::{offset_of, size_of};

use crate::bytes::{number, word};
use crate::format::{FRAMES, Op, RegionKind, Text};
use crate::layout::{ModuleRow, RegionRow, SiteRow, StackRow};
use crate::spread::Spread;

/// A region and what happened in it, over all its entries on all threads. Inner regions are included; what a permit
/// inside the region allowed is counted apart. Bytes are what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// How it is opened.
    pub kind: RegionKind,
    /// Its name; empty where it has none.
    pub name: Text,
    /// The file that opens it.
    pub file: Text,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// How often it was entered.
    pub calls: u64,
    /// Successful allocations, zeroed ones included.
    pub allocs: u64,
    /// Successful reallocations.
    pub reallocs: u64,
    /// Deallocations.
    pub deallocs: u64,
    /// Requests for memory that got none.
    pub failed: u64,
    /// Bytes asked for, by allocations and with their new size by reallocations.
    pub bytes: u64,
    /// Bytes given back, by deallocations and with their old size by reallocations.
    pub freed_bytes: u64,
    /// The most bytes live at once during one entry, from 0 at the entry.
    pub peak_bytes: u64,
    /// Events that a region disallowed.
    pub disallowed: u64,
    /// Events inside permits.
    pub permitted: u64,
    /// Bytes asked for inside permits.
    pub permitted_bytes: u64,
    /// How its events spread over its entries; none where that is not known.
    pub spread: Option<Spread>,
    /// The name of the thread whose entries these are; empty where threads are not told apart, or it has none.
    pub thread: Text,
    /// System calls that the region, or one inside it, disallowed: the thread may have waited in each.
    pub blocking_calls: u64,
    /// Entries that disallow system calls of a thread whose calls could not be watched: what it waited for is not known.
    pub unwatched: u64,
}

impl Region {
    /// Reads an entry of [`Table::Regions`](crate::Table::Regions); none if it was not written or makes no sense.
    #[must_use]
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let published = word(entry, offset_of!(RegionRow, published))?;
        let kind = RegionKind::ALL.into_iter().find(|kind| kind.published() == published)?;
        Some(Self {
            kind,
            name: Text::from_code(number(entry, offset_of!(RegionRow, name))?),
            file: Text::from_code(number(entry, offset_of!(RegionRow, file))?),
            line: word(entry, offset_of!(RegionRow, line))?,
            column: word(entry, offset_of!(RegionRow, column))?,
            calls: number(entry, offset_of!(RegionRow, calls))?,
            allocs: number(entry, offset_of!(RegionRow, allocs))?,
            reallocs: number(entry, offset_of!(RegionRow, reallocs))?,
            deallocs: number(entry, offset_of!(RegionRow, deallocs))?,
            failed: number(entry, offset_of!(RegionRow, failed))?,
            bytes: number(entry, offset_of!(RegionRow, bytes))?,
            freed_bytes: number(entry, offset_of!(RegionRow, freed_bytes))?,
            peak_bytes: number(entry, offset_of!(RegionRow, peak_bytes))?,
            disallowed: number(entry, offset_of!(RegionRow, disallowed))?,
            permitted: number(entry, offset_of!(RegionRow, permitted))?,
            permitted_bytes: number(entry, offset_of!(RegionRow, permitted_bytes))?,
            // Version 2.0 had neither.
            spread: Spread::parse(entry, offset_of!(RegionRow, spread)),
            thread: number(entry, offset_of!(RegionRow, thread)).map_or(Text::EMPTY, Text::from_code),
            // Nor did 2.2 have these.
            blocking_calls: number(entry, offset_of!(RegionRow, blocking_calls)).unwrap_or(0),
            unwatched: number(entry, offset_of!(RegionRow, unwatched)).unwrap_or(0),
        })
    }
}

/// A call stack: where its return addresses lie in [`Table::Frames`](crate::Table::Frames), innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The first one.
    pub start: u64,
    /// How many there are.
    pub length: usize,
    /// Frames that were left out, after the first [`INNER`](crate::INNER); 0 where the stack is whole.
    pub left_out: u32,
}

impl Stack {
    /// Reads an entry of [`Table::Stacks`](crate::Table::Stacks); none if it was not written or makes no sense.
    #[must_use]
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let length = word(entry, offset_of!(StackRow, published))?.checked_sub(1)? as usize;
        let start = number(entry, offset_of!(StackRow, start))?;
        let left_out = word(entry, offset_of!(StackRow, left_out))?;
        (length <= FRAMES).then_some(Self { start, length, left_out })
    }

    /// The return addresses, out of the contents of [`Table::Frames`](crate::Table::Frames); none where they are not
    /// there.
    #[must_use]
    pub fn frames<'a>(&self, contents: &'a [u8]) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        let bytes = usize::try_from(self.start).ok().and_then(|start| {
            let start = start.checked_mul(size_of::<u64>())?;
            contents.get(start..)?.get(..self.length.checked_mul(size_of::<u64>())?)
        });
        bytes.unwrap_or_default().chunks_exact(size_of::<u64>()).map(|frame| number(frame, 0).unwrap_or(0))
    }
}

/// What one stack asked of the allocator, or of the kernel, inside one region, which was the innermost one.
///
/// Where stacks were sampled, `weight` and `bytes` are estimates without bias: an event that was chosen with a
/// probability of one in `w` stands for `w` events of its size (Horvitz and Thompson, 1952), and adds `w * (w - 1)` to the
/// variance of their number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// The region's number in its table.
    pub region: u32,
    /// The stack's number in its table; none where there was no room for it.
    pub stack: Option<u32>,
    /// What was asked.
    pub op: Op,
    /// The largest alignment, in bytes.
    pub align: u32,
    /// Events recorded with this stack.
    pub count: u64,
    /// The events that they stand for: more than `count` where stacks were sampled.
    pub weight: u64,
    /// Bytes asked for or given back by all the events that the recorded ones stand for; 0 for calls.
    pub bytes: u64,
    /// The most bytes of one event.
    pub largest: u64,
    /// The variance of `weight`: 0 where each event was recorded.
    pub weight_variance: f64,
    /// The variance of `bytes`.
    pub bytes_variance: f64,
    /// How its events spread over the region's entries; none where that is not known.
    pub spread: Option<Spread>,
}

impl Site {
    /// Reads an entry of [`Table::Sites`](crate::Table::Sites); none if it was not written or makes no sense.
    #[must_use]
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let published = word(entry, offset_of!(SiteRow, published))?;
        Some(Self {
            // Before version 2.3 no event was a call.
            op: Op::of(published, number(entry, offset_of!(SiteRow, call)).unwrap_or(0))?,
            region: word(entry, offset_of!(SiteRow, region))?,
            stack: word(entry, offset_of!(SiteRow, stack))?.checked_sub(1),
            align: word(entry, offset_of!(SiteRow, align))?,
            count: number(entry, offset_of!(SiteRow, count))?,
            weight: number(entry, offset_of!(SiteRow, weight))?,
            bytes: number(entry, offset_of!(SiteRow, bytes))?,
            largest: number(entry, offset_of!(SiteRow, largest))?,
            weight_variance: variance(number(entry, offset_of!(SiteRow, weight_variance))?),
            bytes_variance: variance(number(entry, offset_of!(SiteRow, bytes_variance))?),
            spread: Spread::parse(entry, offset_of!(SiteRow, spread)),
        })
    }
}

/// A file that was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its first address.
    pub start: u64,
    /// The address after its last.
    pub end: u64,
    /// Its path.
    pub path: Text,
    /// The linker's build id; empty where the file has none.
    pub build_id: Text,
    /// Bytes of the file when it was loaded; 0 where that could not be found.
    pub file_size: u64,
}

impl Module {
    /// Reads an entry of [`Table::Modules`](crate::Table::Modules); none if it was not written or makes no sense.
    #[must_use]
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let module = Self {
            start: number(entry, offset_of!(ModuleRow, start))?,
            end: number(entry, offset_of!(ModuleRow, end))?,
            path: Text::from_code(number(entry, offset_of!(ModuleRow, path))?),
            build_id: Text::from_code(number(entry, offset_of!(ModuleRow, build_id))?),
            file_size: number(entry, offset_of!(ModuleRow, file_size))?,
        };
        let published = number(entry, offset_of!(ModuleRow, published))?;
        (published != 0 && module.start < module.end).then_some(module)
    }
}

/// A variance out of its bits: never negative, never endless.
fn variance(bits: u64) -> f64 {
    let variance = f64::from_bits(bits);
    if variance.is_finite() && variance > 0.0 { variance } else { 0.0 }
}
