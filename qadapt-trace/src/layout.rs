//! The trace in memory: what the guard maps.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{offset_of, size_of};
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};

use crate::format::{GROUPS, SECTIONS};
use crate::room::InMemory;

/// Regions that a trace has room for.
pub const REGIONS: usize = 16_384;
/// Distinct call stacks that a trace has room for.
pub const STACKS: usize = 16_384;
/// Sites that a trace has room for.
pub const SITES: usize = 32_768;
/// Return addresses that a trace has room for, over all its stacks.
pub const ALL_FRAMES: usize = 1 << 19;
pub(crate) const MODULES: usize = 512;
pub(crate) const STRINGS: usize = 1 << 20;
/// Visits that are kept at once.
pub(crate) const VISITS: usize = 16_384;

/// The bytes that [`Header::parse`](crate::Header::parse) looks at.
pub const HEADER_SIZE: usize = size_of::<HeaderRow>();

/// One table's entry in the header.
#[repr(C)]
pub(crate) struct SectionRow {
    pub(crate) offset: AtomicU64,
    pub(crate) capacity: AtomicU64,
    pub(crate) used: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) entry_size: AtomicU64,
}

/// What [`Header::parse`](crate::Header::parse) reads.
#[repr(C, align(4096))]
pub(crate) struct HeaderRow {
    pub(crate) magic: AtomicU64,
    pub(crate) version: AtomicU64,
    pub(crate) flags: AtomicU64,
    pub(crate) pid: AtomicU64,
    /// The process that forked this one; 0 where it was started as a program.
    pub(crate) parent: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) disallowed: AtomicU64,
    pub(crate) program: AtomicU64,
    pub(crate) sections: [SectionRow; SECTIONS],
    /// The test that the process runs. Version 2.0 had zeros here.
    pub(crate) test: AtomicU64,
    /// See [`Total`](crate::Total). Versions before 2.2 had zeros here and below.
    pub(crate) clock: AtomicU64,
    pub(crate) live_bytes: AtomicU64,
    pub(crate) live_blocks: AtomicU64,
    pub(crate) peak_bytes: AtomicU64,
    pub(crate) peak_blocks: AtomicU64,
    pub(crate) peak_at: AtomicU64,
    /// The number of the last peak.
    pub(crate) peak: AtomicU64,
    pub(crate) live_lost: AtomicU64,
    /// Bytes of the blocks that were made where some are followed. Versions before 2.4 had zeros here and below.
    pub(crate) offered: AtomicU64,
    pub(crate) sampled: SampledRow,
}

#[repr(C)]
pub(crate) struct RegionRow {
    pub(crate) key: AtomicU64,
    /// [`RegionKind`](crate::RegionKind)'s number plus one; 0 until the entry is written.
    pub(crate) published: AtomicU32,
    pub(crate) line: AtomicU32,
    pub(crate) column: AtomicU32,
    pub(crate) reserved: AtomicU32,
    pub(crate) name: AtomicU64,
    pub(crate) file: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) allocs: AtomicU64,
    pub(crate) reallocs: AtomicU64,
    pub(crate) deallocs: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) freed_bytes: AtomicU64,
    pub(crate) peak_bytes: AtomicU64,
    pub(crate) disallowed: AtomicU64,
    pub(crate) permitted: AtomicU64,
    pub(crate) permitted_bytes: AtomicU64,
    /// Bytes live now, of a region that all threads share. Two's complement.
    pub(crate) live: AtomicU64,
    pub(crate) spread: SpreadRow,
    /// The name of the thread whose entries these are.
    pub(crate) thread: AtomicU64,
    /// Versions before 2.3 had neither this nor the next.
    pub(crate) blocking_calls: AtomicU64,
    pub(crate) unwatched: AtomicU64,
}

/// See [`Spread`](crate::Spread).
#[repr(C)]
pub(crate) struct SpreadRow {
    /// Plus one; 0 while it is not known.
    pub(crate) first: AtomicU64,
    pub(crate) least: AtomicU64,
    pub(crate) most: AtomicU64,
    pub(crate) entries: [AtomicU32; GROUPS],
}

/// What an open entry did at one site.
pub(crate) struct Visit {
    /// 0 where this is free.
    pub(crate) key: AtomicU64,
    pub(crate) entry: AtomicU64,
    pub(crate) count: AtomicU64,
    pub(crate) site: AtomicU32,
    /// The next visit of the entry, from 1.
    pub(crate) next: AtomicU32,
}

#[repr(C)]
pub(crate) struct StackRow {
    pub(crate) key: AtomicU64,
    /// The number of frames plus one; 0 until the entry is written.
    pub(crate) published: AtomicU32,
    /// Frames left out between those that are kept.
    pub(crate) left_out: AtomicU32,
    /// The first frame's place in its table.
    pub(crate) start: AtomicU64,
}

#[repr(C)]
pub(crate) struct SiteRow {
    pub(crate) key: AtomicU64,
    /// [`Op`](crate::Op)'s number plus one; 0 until the entry is written.
    pub(crate) published: AtomicU32,
    pub(crate) region: AtomicU32,
    /// The stack's number plus one; 0 where there was no room for it.
    pub(crate) stack: AtomicU32,
    pub(crate) align: AtomicU32,
    pub(crate) count: AtomicU64,
    pub(crate) weight: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) largest: AtomicU64,
    /// The bits of floating-point numbers.
    pub(crate) weight_variance: AtomicU64,
    pub(crate) bytes_variance: AtomicU64,
    pub(crate) spread: SpreadRow,
    pub(crate) live: LiveRow,
    /// Which call an [`Op::SystemCall`](crate::Op::SystemCall) was. Versions before 2.3 had none.
    pub(crate) call: AtomicU64,
    /// Versions before 2.4 had none.
    pub(crate) sampled: SampledRow,
}

/// See [`Live`](crate::Live).
#[repr(C)]
pub(crate) struct LiveRow {
    pub(crate) bytes: AtomicU64,
    pub(crate) blocks: AtomicU64,
    /// The number of the peak at which it had what follows.
    pub(crate) peak: AtomicU64,
    pub(crate) peak_bytes: AtomicU64,
    pub(crate) peak_blocks: AtomicU64,
    pub(crate) most_bytes: AtomicU64,
    pub(crate) most_blocks: AtomicU64,
    pub(crate) inside: AtomicU64,
    pub(crate) later: AtomicU64,
    pub(crate) lifetime: AtomicU64,
    pub(crate) births: AtomicU64,
}

/// See [`Sampled`](crate::Sampled).
#[repr(C)]
pub(crate) struct SampledRow {
    pub(crate) samples: AtomicU64,
    pub(crate) variance: AtomicU64,
    pub(crate) peak_samples: AtomicU64,
    pub(crate) peak_variance: AtomicU64,
    pub(crate) freed_samples: AtomicU64,
    pub(crate) freed_variance: AtomicU64,
}

#[repr(C)]
pub(crate) struct ModuleRow {
    pub(crate) start: AtomicU64,
    pub(crate) end: AtomicU64,
    pub(crate) path: AtomicU64,
    pub(crate) build_id: AtomicU64,
    pub(crate) file_size: AtomicU64,
    pub(crate) published: AtomicU64,
}

/// What only the writer needs, on pages of its own: it is no part of the file.
#[repr(C, align(4096))]
pub(crate) struct Own {
    pub(crate) region_index: [AtomicU32; REGIONS * 2],
    pub(crate) stack_index: [AtomicU32; STACKS * 2],
    pub(crate) site_index: [AtomicU32; SITES * 2],
    pub(crate) visits: [Visit; VISITS],
    /// Bytes of each table that the file has room for on its disk.
    pub(crate) reserved: [AtomicU64; SECTIONS],
}

/// A trace in memory, as the guard maps it: every field is atomic, and all zeros are a valid, empty one. `R` makes room
/// on the disk before a part of the file is written for the first time.
///
/// The first [`FILE_SIZE`](Self::FILE_SIZE) bytes, about 22 MB, are the file's; most of them are never touched. What lies
/// behind is for the writer alone.
///
/// # Examples
/// ```
/// use qadapt_trace::{Event, NewRegion, Op, RegionKind, Trace};
///
/// static TRACE: Trace = Trace::new();
///
/// TRACE.begin(4711, 0, 0, b"/opt/radio");
/// let region = NewRegion {
///     key: 7, kind: RegionKind::Plain, name: b"tick", thread: b"", file: b"src/main.rs", line: 12, column: 5,
/// };
/// let tick = TRACE.region(&region).expect("there is room");
/// TRACE.enter(tick);
/// TRACE.count(tick, &Event { op: Op::Alloc, size: 64, old_size: 0, failed: false });
/// ```
#[repr(C)]
pub struct Trace<R = InMemory> {
    pub(crate) header: HeaderRow,
    pub(crate) regions: [RegionRow; REGIONS],
    pub(crate) modules: [ModuleRow; MODULES],
    pub(crate) stacks: [StackRow; STACKS],
    pub(crate) sites: [SiteRow; SITES],
    pub(crate) strings: [AtomicU8; STRINGS],
    pub(crate) frames: [AtomicU64; ALL_FRAMES],
    pub(crate) own: Own,
    room: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Trace<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

macro_rules! zeroed {
    ($row:ident { $($field:ident),* $(,)? }) => {
        impl $row {
            #[allow(clippy::declare_interior_mutable_const, reason = "only ever copied into a new table")]
            const ZEROED: Self = Self { $($field: Zeroed::ZEROED),* };
        }
    };
}

/// What all zeros are a value of.
trait Zeroed {
    const ZEROED: Self;
}

impl Zeroed for AtomicU64 {
    const ZEROED: Self = Self::new(0);
}

impl Zeroed for AtomicU32 {
    const ZEROED: Self = Self::new(0);
}

impl Zeroed for [SectionRow; SECTIONS] {
    const ZEROED: Self = [const { SectionRow::ZEROED }; SECTIONS];
}

impl Zeroed for [AtomicU32; GROUPS] {
    const ZEROED: Self = [const { AtomicU32::new(0) }; GROUPS];
}

impl Zeroed for SpreadRow {
    const ZEROED: Self =
        Self { first: Zeroed::ZEROED, least: Zeroed::ZEROED, most: Zeroed::ZEROED, entries: Zeroed::ZEROED };
}

impl Zeroed for SampledRow {
    const ZEROED: Self = Self {
        samples: Zeroed::ZEROED,
        variance: Zeroed::ZEROED,
        peak_samples: Zeroed::ZEROED,
        peak_variance: Zeroed::ZEROED,
        freed_samples: Zeroed::ZEROED,
        freed_variance: Zeroed::ZEROED,
    };
}

impl Zeroed for LiveRow {
    const ZEROED: Self = Self {
        bytes: Zeroed::ZEROED,
        blocks: Zeroed::ZEROED,
        peak: Zeroed::ZEROED,
        peak_bytes: Zeroed::ZEROED,
        peak_blocks: Zeroed::ZEROED,
        most_bytes: Zeroed::ZEROED,
        most_blocks: Zeroed::ZEROED,
        inside: Zeroed::ZEROED,
        later: Zeroed::ZEROED,
        lifetime: Zeroed::ZEROED,
        births: Zeroed::ZEROED,
    };
}

zeroed!(Visit { key, entry, count, site, next });
zeroed!(SectionRow { offset, capacity, used, lost, entry_size });
zeroed!(HeaderRow {
    magic,
    version,
    flags,
    pid,
    parent,
    events,
    disallowed,
    program,
    sections,
    test,
    clock,
    live_bytes,
    live_blocks,
    peak_bytes,
    peak_blocks,
    peak_at,
    peak,
    live_lost,
    offered,
    sampled
});
zeroed!(RegionRow {
    key,
    published,
    line,
    column,
    reserved,
    name,
    file,
    calls,
    allocs,
    reallocs,
    deallocs,
    failed,
    bytes,
    freed_bytes,
    peak_bytes,
    disallowed,
    permitted,
    permitted_bytes,
    live,
    spread,
    thread,
    blocking_calls,
    unwatched,
});
zeroed!(StackRow { key, published, left_out, start });
zeroed!(SiteRow {
    key,
    published,
    region,
    stack,
    align,
    count,
    weight,
    bytes,
    largest,
    weight_variance,
    bytes_variance,
    spread,
    live,
    call,
    sampled,
});
zeroed!(ModuleRow { start, end, path, build_id, file_size, published });

impl<R> Trace<R> {
    /// The bytes that are to be mapped from a file.
    pub const FILE_SIZE: usize = offset_of!(Self, own);

    /// An empty trace. It is large: let it be a `static`.
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "evaluated for statics, at compile time")]
    pub const fn new() -> Self {
        Self {
            header: HeaderRow::ZEROED,
            regions: [const { RegionRow::ZEROED }; REGIONS],
            modules: [const { ModuleRow::ZEROED }; MODULES],
            stacks: [const { StackRow::ZEROED }; STACKS],
            sites: [const { SiteRow::ZEROED }; SITES],
            strings: [const { AtomicU8::new(0) }; STRINGS],
            frames: [const { AtomicU64::new(0) }; ALL_FRAMES],
            own: Own {
                region_index: [const { AtomicU32::new(0) }; REGIONS * 2],
                stack_index: [const { AtomicU32::new(0) }; STACKS * 2],
                site_index: [const { AtomicU32::new(0) }; SITES * 2],
                visits: [const { Visit::ZEROED }; VISITS],
                reserved: [const { AtomicU64::new(0) }; SECTIONS],
            },
            room: PhantomData,
        }
    }
}

impl<R> Default for Trace<R> {
    fn default() -> Self {
        Self::new()
    }
}
