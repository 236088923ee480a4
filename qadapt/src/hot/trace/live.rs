//! Blocks that are followed from the event that made them to the one that gives them back.
//!
//! Where a block lies tells where what is known of it lies: three steps through tables of addresses, the last two of
//! which are mapped when the first block comes to lie there.
//!
//! ```text
//! bits of an address     47 .. 35    34 .. 22    21 .. 3
//!                        region   ->  range   ->  slot: site and entry, size, birth
//! ```
//!
//! No lock is needed and nothing is ever moved: between the inner allocator's giving a block out and taking it back its slot is
//! that block's alone. The slot is filled after the one and emptied before the other, and the allocator orders the
//! accesses of a block's owner before those of the next one.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use super::chain;
use super::file::{self, Trace};
use crate::hot::mapped::{Mapped, Zeroed};
use crate::sys;

/// Addresses that have a slot each: the closest that two blocks of an allocator's can be.
const GRAIN: u32 = 3;
const RANGE: u32 = 22;
const TABLE: u32 = 13;
/// Addresses beyond are none that a program gets.
const ADDRESS: u32 = RANGE + 2 * TABLE;

struct Slot {
    /// The site plus one, and above it the entry; 0 where nothing is followed.
    who: AtomicU64,
    size: AtomicU64,
    /// When it was made; in the lowest bits those of its address.
    birth: AtomicU64,
}

type Range = [Slot; 1 << (RANGE - GRAIN)];
type Table<T> = [Mapped<T>; 1 << TABLE];

#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: nothing is followed.
unsafe impl Zeroed for Slot {}

/// The first table; not there where blocks are not followed.
static BLOCKS: Mapped<Table<Table<Range>>> = Mapped::new();

/// Bits for the site in [`Slot::who`].
const SITE: u32 = 16;
/// A site's number fits: else this has another length.
const _: [(); 1] = [(); (qadapt_trace::SITES < 1 << SITE) as usize];

/// A block that is followed.
#[derive(Clone, Copy, Debug)]
pub(in crate::hot) struct Block {
    site: u32,
    /// The entry of the region that it was asked for in; 0 for the whole program.
    entry: u64,
    size: u64,
    birth: u64,
}

/// Where an event happened.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::hot) struct At {
    /// The site plus one; 0 where there is none.
    site: u32,
    entry: u64,
}

thread_local! {
    /// Of the event that is being looked at.
    static AT: Cell<At> = const { Cell::new(At { site: 0, entry: 0 }) };
}

/// True while blocks are followed.
#[inline(always)]
pub(in crate::hot) fn is_on() -> bool {
    BLOCKS.is_there()
}

/// Begins to follow blocks, if `QADAPT_TRACE_LIVE=1`.
pub(super) fn start() {
    if sys::variable(c"QADAPT_TRACE_LIVE", |value| value == b"1") == Some(true) {
        BLOCKS.make_anew();
    }
}

/// In a forked child: what its parent made is none of its own trace's.
pub(super) fn start_anew() {
    if is_on() {
        BLOCKS.make_anew();
    }
}

/// An event begins; returns what [`end`] puts back, as a signal handler's event may interrupt another.
pub(in crate::hot) fn begin() -> At {
    AT.try_with(Cell::take).unwrap_or_default()
}

/// It has been looked at: returns where it happened.
pub(in crate::hot) fn end(outer: At) -> At {
    AT.try_with(|at| at.replace(outer)).unwrap_or_default()
}

/// The event that is being looked at happened there.
pub(super) fn happened(site: u32, entry: Option<u64>) {
    let _ = AT.try_with(|at| at.set(At { site: site + 1, entry: entry.unwrap_or(0) }));
}

/// A block was given out.
pub(in crate::hot) fn made(block: *const u8, bytes: usize, at: At) {
    let (Some(trace), Some(site)) = (file::active(), at.site.checked_sub(1)) else { return };
    if block.is_null() {
        return;
    }
    let birth = trace.block_made(site, bytes as u64);
    put(trace, block, Block { site, entry: at.entry, size: bytes as u64, birth });
}

/// A block is about to be given back.
pub(in crate::hot) fn gone(block: *const u8) {
    if let (Some(trace), Some(block)) = (file::active(), lift(block)) {
        trace.block_gone(block.site, block.size, block.birth, chain::is_open(block.entry));
    }
}

/// A block is about to be resized, and may come to lie elsewhere: it has no slot until [`resized`].
pub(in crate::hot) fn lift(block: *const u8) -> Option<Block> {
    let slot = slot(block.addr(), false)?;
    let who = slot.who.load(Ordering::Relaxed);
    let birth = slot.birth.load(Ordering::Relaxed);
    if who == 0 || birth & LOW != block.addr() as u64 & LOW {
        return None;
    }
    slot.who.store(0, Ordering::Relaxed);
    Some(Block {
        site: u32::try_from(who & ((1 << SITE) - 1)).ok()?.checked_sub(1)?,
        entry: who >> SITE,
        size: slot.size.load(Ordering::Relaxed),
        birth: birth >> GRAIN,
    })
}

/// A block was resized, or could not be. It stays its first site's; one that was not followed is from now on.
pub(in crate::hot) fn resized(old: *const u8, new: *const u8, size: usize, before: Option<Block>, at: At) {
    let Some(trace) = file::active() else { return };
    match before {
        None => made(new, size, at),
        Some(block) if new.is_null() => put(trace, old, block),
        Some(block) => {
            trace.block_resized(block.site, block.size, size as u64);
            put(trace, new, Block { size: size as u64, ..block });
        }
    }
}

const LOW: u64 = (1 << GRAIN) - 1;

fn put(trace: &Trace, address: *const u8, block: Block) {
    if let Some(unseen) = lift(address) {
        // Something gave it back past the guard.
        trace.block_gone(unseen.site, unseen.size, unseen.birth, false);
    }
    let free = slot(address.addr(), true).filter(|slot| slot.who.load(Ordering::Relaxed) == 0);
    let Some(slot) = free else {
        // From here on it counts as given back, which is said.
        trace.block_lost();
        trace.block_gone(block.site, block.size, block.birth, false);
        return;
    };
    slot.size.store(block.size, Ordering::Relaxed);
    slot.birth.store(block.birth << GRAIN | address.addr() as u64 & LOW, Ordering::Relaxed);
    slot.who.store(block.entry << SITE | u64::from(block.site + 1), Ordering::Relaxed);
}

/// The slot for an address; none where there is none, and none is to be made, or there is no memory for it.
fn slot(address: usize, make: bool) -> Option<&'static Slot> {
    let address = address as u64;
    if address >> ADDRESS != 0 {
        return None;
    }
    let part = |from: u32, bits: u32| usize::try_from(address >> from & ((1 << bits) - 1)).unwrap_or(0);
    let table = BLOCKS.get()?.get(part(RANGE + TABLE, TABLE))?;
    let table = if make { table.make() } else { table.get() }?.get(part(RANGE, TABLE))?;
    if make { table.make() } else { table.get() }?.get(part(GRAIN, RANGE - GRAIN))
}
