//! The trace: the file in which a program guarded by QADAPT leaves what it asked of the allocator, region by region.
//!
//! The guard maps the file into memory, shared, as a [`Trace`], and counts in it while the program runs: what is in
//! the file at any moment is what has happened until then, whatever ends the process. `cargo qadapt` reads the file's
//! bytes with [`Header::parse`] and the entries' own `parse` functions, which check everything and trust nothing.
//!
//! Writing takes no lock, allocates nothing and never waits, so that it may happen inside an allocator call or a
//! signal handler. Tables only ever grow; when one is full, or the disk is, what did not fit is counted as lost.
//!
//! # The file
//! All numbers are in the byte order of the machine that wrote them; the magic number tells which that was.
//!
//! - The [`Header`], [`HEADER_SIZE`] bytes: magic number, version, [`flags`], process id, totals, and for each section
//!   its offset, entry size, capacity, entries used and entries lost.
//! - [`Table::Regions`]: one [`Region`] for each place in the source that opened one: name, file, line, and counts.
//! - [`Table::Stacks`]: each distinct call [`Stack`], with its place in the next table.
//! - [`Table::Frames`]: raw return addresses. Of a stack with more than [`FRAMES`] frames the [`INNER`] innermost and the
//!   [`OUTER`] outermost ones are kept, and the stack says how many are left out.
//! - [`Table::Sites`]: each distinct combination of region, stack and operation: a [`Site`] with its counts.
//! - [`Table::Modules`]: what was loaded where: a [`Module`] with file name and build id.
//! - [`Table::Strings`]: bytes that the other tables refer to by a [`Text`].
//!
//! A reader takes offsets and entry sizes from the header, so that a later minor version can append fields to entries;
//! another major version is not readable. An entry whose `published` field is 0 was claimed and never written.

#![no_std]

mod add;
mod bytes;
mod claim;
mod entry;
mod error;
mod format;
mod glue;
mod header;
mod index;
mod layout;
mod live;
mod name;
mod primitive;
mod room;
mod sample;
mod spread;
mod strings;
mod whose;
mod write;

pub use entry::{Module, Region, Site, Stack};
pub use error::Error;
pub use format::{
    ALL_RECORDED, Call, FRAMES, GROUPS, INNER, MAGIC, OUTER, Op, RegionKind, RegionNumber, Table, Text,
    VERSION, Version, flags,
};
pub use glue::{asks_allocator, is_allocator_entry};
pub use header::{Header, Section};
pub use layout::{ALL_FRAMES, HEADER_SIZE, REGIONS, SITES, STACKS, Trace};
pub use live::{Live, Total};
pub use name::FunctionName;
pub use room::{InMemory, Room};
pub use sample::{Sampled, Share, interval};
pub use spread::Spread;
pub use strings::text;
pub use whose::{is_guard, is_malloc, is_std, is_std_function};
pub use write::{At, Event, NewModule, NewRegion};
