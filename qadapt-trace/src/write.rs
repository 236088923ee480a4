//! Writing: what the guard does while the program runs.

use core::cell::Cell;
use core::mem::{offset_of, size_of};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::add::{add, add_variance, increased, raise};
use crate::format::{FRAMES, MAGIC, Op, RegionKind, RegionNumber, Table, VERSION};
use crate::index::{Keyed, find, find_or_insert};
use crate::layout::{
    ALL_FRAMES, MODULES, ModuleRow, REGIONS, RegionRow, SITES, STACKS, STRINGS, SectionRow, SiteRow,
    StackRow, Trace,
};
use crate::room::Room;

/// A region that is entered.
#[derive(Clone, Copy, Debug)]
pub struct NewRegion<'a> {
    /// Tells it from other regions of this process.
    pub key: u64,
    /// How it is opened.
    pub kind: RegionKind,
    /// Its name; empty where it has none.
    pub name: &'a [u8],
    /// The name of the thread whose entries it has; empty where it has those of all.
    pub thread: &'a [u8],
    /// The file that opens it.
    pub file: &'a [u8],
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// Where an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The innermost region.
    pub region: RegionNumber,
    /// The stack's number; none where there was no room for it.
    pub stack: Option<u32>,
}

/// A file that is loaded.
#[derive(Clone, Copy, Debug)]
pub struct NewModule<'a> {
    /// Its first address.
    pub start: u64,
    /// The address after its last.
    pub end: u64,
    /// Its path.
    pub path: &'a [u8],
    /// The linker's build id; empty where there is none.
    pub build_id: &'a [u8],
    /// Bytes of the file; 0 where that could not be found.
    pub file_size: u64,
}

/// One request to the allocator, with sizes in bytes, or one system call, with sizes of 0.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What was asked.
    pub op: Op,
    /// What is asked for; for a deallocation what is given back.
    pub size: u64,
    /// The block's size before a reallocation; otherwise 0.
    pub old_size: u64,
    /// True if there was no memory.
    pub failed: bool,
}

impl Event {
    /// Bytes asked for and bytes given back.
    #[must_use]
    pub const fn bytes(&self) -> (u64, u64) {
        match self.op {
            _ if self.failed => (0, 0),
            Op::Dealloc => (0, self.size),
            Op::Alloc | Op::AllocZeroed | Op::Realloc | Op::SystemCall(_) => (self.size, self.old_size),
        }
    }
}

// Relaxed below, where nothing else is said: these are counts and identities that order nothing, and a
// read-modify-write loses none.

impl<R: Room> Trace<R> {
    /// Writes the header: from here on the file is a trace. `parent` is the process that forked this one, or 0.
    pub fn begin(&self, pid: u64, parent: u64, flags: u64, program: &[u8]) {
        let header = &self.header;
        let tables = [
            (Table::Regions, offset_of!(Self, regions), size_of::<RegionRow>(), REGIONS),
            (Table::Stacks, offset_of!(Self, stacks), size_of::<StackRow>(), STACKS),
            (Table::Sites, offset_of!(Self, sites), size_of::<SiteRow>(), SITES),
            (Table::Modules, offset_of!(Self, modules), size_of::<ModuleRow>(), MODULES),
            (Table::Strings, offset_of!(Self, strings), 1, STRINGS),
            (Table::Frames, offset_of!(Self, frames), size_of::<u64>(), ALL_FRAMES),
        ];
        for (table, offset, entry_size, capacity) in tables {
            let section = self.section(table);
            section.offset.store(offset as u64, Ordering::Relaxed);
            section.entry_size.store(entry_size as u64, Ordering::Relaxed);
            section.capacity.store(capacity as u64, Ordering::Relaxed);
        }
        header.version.store(VERSION.code(), Ordering::Relaxed);
        header.flags.store(flags, Ordering::Relaxed);
        header.pid.store(pid, Ordering::Relaxed);
        header.parent.store(parent, Ordering::Relaxed);
        header.program.store(self.keep(program).code(), Ordering::Relaxed);
        // Release: who sees the magic number sees the rest.
        header.magic.store(MAGIC, Ordering::Release);
    }

    /// Says which one test the process runs.
    pub fn set_test(&self, name: &[u8]) {
        self.header.test.store(self.keep(name).code(), Ordering::Relaxed);
    }

    /// Sets the header's flags.
    pub fn set_flags(&self, flags: u64) {
        if self.header.flags.load(Ordering::Relaxed) & flags != flags {
            self.header.flags.fetch_or(flags, Ordering::Relaxed);
        }
    }

    /// The number of a region; none if there is no room.
    pub fn region(&self, new: &NewRegion<'_>) -> Option<RegionNumber> {
        let claim = || self.claim_one(Table::Regions);
        find_or_insert(&self.own.region_index, &self.regions, new.key, claim, |row| {
            row.name.store(self.keep(new.name).code(), Ordering::Relaxed);
            row.thread.store(self.keep(new.thread).code(), Ordering::Relaxed);
            row.file.store(self.keep(new.file).code(), Ordering::Relaxed);
            row.line.store(new.line, Ordering::Relaxed);
            row.column.store(new.column, Ordering::Relaxed);
            new.kind.published()
        })
        .map(RegionNumber)
    }

    /// The number of the region with this key, if it was added.
    pub fn known_region(&self, key: u64) -> Option<RegionNumber> {
        find(&self.own.region_index, &self.regions, key).map(RegionNumber)
    }

    /// Counts an entry of a region, and returns how many there were, this one included.
    pub fn enter(&self, region: RegionNumber) -> u64 {
        self.regions.get(region.index()).map_or(0, |row| increased::<R>(&row.calls, 1))
    }

    /// Counts an event in the header's total.
    pub fn count_event(&self) {
        add::<R>(&self.header.events, 1);
    }

    /// Counts an event in a region.
    pub fn count(&self, region: RegionNumber, event: &Event) {
        self.with(region, |row| {
            let (asked, freed) = event.bytes();
            match event.op {
                _ if event.failed => add::<R>(&row.failed, 1),
                Op::Alloc | Op::AllocZeroed => add::<R>(&row.allocs, 1),
                Op::Realloc => add::<R>(&row.reallocs, 1),
                Op::Dealloc => add::<R>(&row.deallocs, 1),
                Op::SystemCall(_) => add::<R>(&row.blocking_calls, 1),
            }
            add::<R>(&row.bytes, asked);
            add::<R>(&row.freed_bytes, freed);
        });
    }

    /// Raises a region's peak to this many live bytes.
    pub fn raise_peak(&self, region: RegionNumber, live: u64) {
        self.with(region, |row| raise(&row.peak_bytes, live));
    }

    /// Takes an event into the live bytes of a region that all threads share, and into its peak.
    pub fn count_live(&self, region: RegionNumber, event: &Event) {
        self.with(region, |row| {
            let (asked, freed) = event.bytes();
            let change = asked.wrapping_sub(freed);
            let live = increased::<R>(&row.live, change);
            // A negative number of live bytes is a large unsigned one.
            if live >> 63 == 0 {
                raise(&row.peak_bytes, live);
            }
        });
    }

    /// Counts an event that a permit inside the region allowed.
    pub fn count_permitted(&self, region: RegionNumber, event: &Event) {
        self.with(region, |row| {
            add::<R>(&row.permitted, 1);
            add::<R>(&row.permitted_bytes, event.bytes().0);
        });
    }

    /// Counts an entry of a region that disallows system calls, on a thread whose calls cannot be watched.
    pub fn count_unwatched(&self, region: RegionNumber) {
        self.with(region, |row| add::<R>(&row.unwatched, 1));
    }

    /// Counts an event that was disallowed in a region.
    pub fn count_disallowed(&self, region: RegionNumber) {
        self.with(region, |row| add::<R>(&row.disallowed, 1));
    }

    /// Counts a disallowed event in the header's total and returns how many there were, this one included.
    pub fn count_all_disallowed(&self) -> u64 {
        increased::<R>(&self.header.disallowed, 1)
    }

    /// The number of a stack, to be handed to [`site`](Self::site); none if there is no room. `is_new` is called if
    /// the stack was not there before. `key` tells it from other stacks of this process. Of `frames`, which are at most
    /// [`FRAMES`](crate::FRAMES), so many are `left_out` after the first [`INNER`](crate::INNER).
    pub fn stack(&self, key: u64, frames: &[usize], left_out: u32, is_new: impl FnOnce()) -> Option<u32> {
        let frames = frames.get(..FRAMES).unwrap_or(frames);
        let start = Cell::new(0);
        let claim = || {
            let Some(first) = self.claim(Table::Frames, frames.len() as u64) else {
                add::<R>(&self.section(Table::Stacks).lost, 1);
                return None;
            };
            start.set(first);
            self.claim_one(Table::Stacks)
        };
        find_or_insert(&self.own.stack_index, &self.stacks, key, claim, |row| {
            let places = usize::try_from(start.get()).ok().and_then(|start| self.frames.get(start..));
            for (place, &frame) in places.unwrap_or_default().iter().zip(frames) {
                place.store(frame as u64, Ordering::Relaxed);
            }
            row.start.store(start.get(), Ordering::Relaxed);
            row.left_out.store(left_out, Ordering::Relaxed);
            is_new();
            u32::try_from(frames.len()).unwrap_or(0) + 1
        })
    }

    /// Counts a disallowed event at its site. It stands for `weight` events of its size; with 0 it is only looked up. `key` tells the combination of
    /// region, stack and operation from others of this process. Returns the site's number; none if there is no room.
    pub fn site(&self, key: u64, at: At, event: &Event, align: u32, weight: u64) -> Option<u32> {
        let claim = || self.claim_one(Table::Sites);
        let number = find_or_insert(&self.own.site_index, &self.sites, key, claim, |row| {
            row.region.store(at.region.0, Ordering::Relaxed);
            row.stack.store(at.stack.map_or(0, |stack| stack + 1), Ordering::Relaxed);
            row.call.store(event.op.call(), Ordering::Relaxed);
            event.op.published()
        });
        let row = self.sites.get(number? as usize)?;
        if weight == 0 {
            return number;
        }
        add::<R>(&row.count, 1);
        add::<R>(&row.weight, weight);
        add::<R>(&row.bytes, event.size.saturating_mul(weight));
        raise(&row.largest, event.size);
        if weight > 1 {
            add_variance(&row.weight_variance, weight, 1);
            add_variance(&row.bytes_variance, weight, event.size);
            row.spread.lose();
        }
        if row.align.load(Ordering::Relaxed) < align {
            row.align.fetch_max(align, Ordering::Relaxed);
        }
        number
    }

    /// True if a module that is known covers the address.
    pub fn knows(&self, address: u64) -> bool {
        self.known_modules().any(|row| {
            (row.start.load(Ordering::Relaxed)..row.end.load(Ordering::Relaxed)).contains(&address)
        })
    }

    /// Adds a module, unless it is known.
    pub fn module(&self, new: &NewModule<'_>) {
        let is_known = |row: &ModuleRow| {
            row.start.load(Ordering::Relaxed) == new.start && row.end.load(Ordering::Relaxed) == new.end
        };
        if self.known_modules().any(is_known) {
            return;
        }
        let row = self.claim_one(Table::Modules).and_then(|number| self.modules.get(number as usize));
        let Some(row) = row else { return };
        row.start.store(new.start, Ordering::Relaxed);
        row.end.store(new.end, Ordering::Relaxed);
        row.file_size.store(new.file_size, Ordering::Relaxed);
        row.path.store(self.keep(new.path).code(), Ordering::Relaxed);
        row.build_id.store(self.keep(new.build_id).code(), Ordering::Relaxed);
        // Release pairs with the Acquire in `known_modules`.
        row.published.store(1, Ordering::Release);
    }

    /// Takes over the regions of the trace that this process had before it was forked, under the same numbers and
    /// without their counts. Returns false, and counts them as lost, if there is no room for them. Nothing else may have been added yet.
    #[must_use]
    pub fn inherit(&self, parent: &Self) -> bool {
        for table in [Table::Strings, Table::Regions] {
            if !self.has_room(table, parent.section(table).used.load(Ordering::Relaxed)) {
                add::<R>(&self.section(table).lost, 1);
                return false;
            }
        }
        let copy =
            |to: &AtomicU64, from: &AtomicU64| to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        let copy_word =
            |to: &AtomicU32, from: &AtomicU32| to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        let (strings, before) = (self.section(Table::Strings), parent.section(Table::Strings));
        copy(&strings.used, &before.used);
        let used = usize::try_from(strings.used.load(Ordering::Relaxed)).unwrap_or(STRINGS);
        for (to, from) in self.strings.iter().zip(&parent.strings).take(used) {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        copy(&self.section(Table::Regions).used, &parent.section(Table::Regions).used);
        let used = self.section(Table::Regions).used.load(Ordering::Relaxed);
        for (to, from) in
            self.regions.iter().zip(&parent.regions).take(usize::try_from(used).unwrap_or(REGIONS))
        {
            copy(&to.key, &from.key);
            copy(&to.name, &from.name);
            copy(&to.file, &from.file);
            copy(&to.thread, &from.thread);
            copy_word(&to.line, &from.line);
            copy_word(&to.column, &from.column);
            copy_word(&to.published, &from.published);
        }
        for (to, from) in self.own.region_index.iter().zip(&parent.own.region_index) {
            if from.load(Ordering::Relaxed) != 0 {
                copy_word(to, from);
            }
        }
        true
    }

    pub(crate) fn section(&self, table: Table) -> &SectionRow {
        table.of(&self.header.sections)
    }

    fn claim_one(&self, table: Table) -> Option<u32> {
        self.claim(table, 1).and_then(|number| u32::try_from(number).ok())
    }

    fn with(&self, region: RegionNumber, act: impl FnOnce(&RegionRow)) {
        if let Some(row) = self.regions.get(region.0 as usize) {
            act(row);
        }
    }

    fn known_modules(&self) -> impl Iterator<Item = &ModuleRow> {
        let used = self.section(Table::Modules).used.load(Ordering::Relaxed);
        // Acquire pairs with the Release in `module`.
        self.modules
            .iter()
            .take(usize::try_from(used).unwrap_or(MODULES))
            .filter(|row| row.published.load(Ordering::Acquire) != 0)
    }
}

impl Keyed for RegionRow {
    fn key(&self) -> &AtomicU64 {
        &self.key
    }

    fn published(&self) -> &AtomicU32 {
        &self.published
    }
}

impl Keyed for StackRow {
    fn key(&self) -> &AtomicU64 {
        &self.key
    }

    fn published(&self) -> &AtomicU32 {
        &self.published
    }
}

impl Keyed for SiteRow {
    fn key(&self) -> &AtomicU64 {
        &self.key
    }

    fn published(&self) -> &AtomicU32 {
        &self.published
    }
}
