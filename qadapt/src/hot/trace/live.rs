//! Blocks that are followed from the event that made them to the one that gives them back.
//!
//! Where a block lies tells where what is known of it lies: three steps through tables of addresses, the last two of
//! which are mapped when the first block comes to lie there.
//!
//! ```text
//! bits of an address     47 .. 35    34 .. 22    21 .. 3
//!                        table    ->  range   ->  slot: site and entry, size and weight, birth
//! ```
//!
//! Where [few blocks are followed](draw), most of those that are given back are none. For each 4 KiB it is counted how many lie there,
//! so that slots of other addresses are not even read.
//!
//! No lock is needed and nothing is ever moved: between the inner allocator's giving a block out and taking it back its slot is
//! that block's alone. The slot is filled after the one and emptied before the other, and the allocator orders the
//! accesses of a block's owner before those of the next one.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use qadapt_trace::Share;

use super::current::{self, Trace};
use super::{chain, draw};
use crate::hot::mapped::{Mapped, Zeroed};
use crate::hot::request::Request;
use crate::hot::setting;
use crate::model::Op;

/// Addresses that have a slot each: the closest that two blocks of an allocator's can be.
const GRAIN: u32 = 3;
const RANGE: u32 = 22;
const TABLE: u32 = 13;
/// Addresses beyond are none that a program gets.
const ADDRESS: u32 = RANGE + 2 * TABLE;

struct Slot {
    /// The site plus one, and above it the entry; 0 where nothing is followed.
    who: AtomicU64,
    /// The size, and above it how many blocks this one stands for.
    share: AtomicU64,
    /// When it was made; in the lowest bits those of its address.
    birth: AtomicU64,
}

type Range = [Slot; 1 << (RANGE - GRAIN)];
type Table<T> = [Mapped<T>; 1 << TABLE];

#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: nothing is followed.
unsafe impl Zeroed for Slot {}

/// The first table; not there until a block is followed.
static BLOCKS: Mapped<Table<Table<Range>>> = Mapped::new();

/// Addresses that are counted together.
const PAGE: u32 = 12;
const PAGES: usize = 1 << 16;

/// Blocks of a sample that begin in each page; several pages far from each other may share a number. Relaxed: a page's number is raised
/// before a block in it is given out, and the allocator orders that before its owner's giving it back.
static IN_PAGE: [AtomicU32; PAGES] = [const { AtomicU32::new(0) }; PAGES];

/// The number of an address's page; none where each block is followed.
#[inline]
fn in_page(address: usize) -> Option<&'static AtomicU32> {
    if draw::follows_all() { None } else { IN_PAGE.get(address >> PAGE & (PAGES - 1)) }
}

/// Bits for the site in [`Slot::who`].
const SITE: u32 = 16;
/// A site's number fits: else this has another length.
const _: [(); 1] = [(); (qadapt_trace::SITES < 1 << SITE) as usize];

/// Bits for the size in [`Slot::share`]. A larger block is not followed.
const SIZE: u32 = 43;

/// A block that is followed.
#[derive(Clone, Copy, Debug)]
pub(in crate::hot) struct Block {
    site: u32,
    /// The entry of the region that it was asked for in; 0 for the whole program.
    entry: u64,
    share: Share,
    birth: u64,
}

/// Where an event happened, and what becomes of its block.
#[derive(Clone, Copy, Debug)]
pub(in crate::hot) struct At {
    /// The site plus one; 0 where there is none.
    site: u32,
    entry: u64,
    /// How many blocks its block stands for.
    weight: u64,
    /// It was drawn whether its block is followed: so it is not another block's share that it has.
    is_drawn: bool,
}

impl At {
    const NOWHERE: Self = Self { site: 0, entry: 0, weight: 0, is_drawn: false };
}

thread_local! {
    /// Of the event that is being looked at.
    static AT: Cell<At> = const { Cell::new(At::NOWHERE) };
    /// False where that is [`NOWHERE`](At::NOWHERE), as it nearly always is where few blocks are followed.
    static IS_SOMEWHERE: Cell<bool> = const { Cell::new(false) };
}

/// True if a block has been followed.
#[inline(always)]
pub(in crate::hot) fn is_on() -> bool {
    BLOCKS.is_there()
}

/// Has each block followed, if `QADAPT_TRACE_LIVE=1`.
pub(super) fn start() {
    if setting::is_switched_on(c"QADAPT_TRACE_LIVE") {
        draw::follow_all();
    }
}

/// In a forked child: what its parent made is none of its own trace's.
pub(super) fn start_anew() {
    if is_on() {
        BLOCKS.make_anew();
        for page in &IN_PAGE {
            page.store(0, Ordering::Relaxed);
        }
    }
}

/// An event begins; returns what [`end`] puts back, as a signal handler's event may interrupt another.
#[inline]
pub(in crate::hot) fn begin() -> At {
    put_back(At::NOWHERE, false)
}

/// It has been looked at: returns where it happened.
#[inline]
pub(in crate::hot) fn end(outer: At) -> At {
    put_back(outer, outer.is_drawn)
}

#[inline]
fn put_back(at: At, is_somewhere: bool) -> At {
    let was_somewhere = IS_SOMEWHERE.try_with(Cell::get).unwrap_or(false);
    if !was_somewhere && !is_somewhere {
        return At::NOWHERE;
    }
    // As long as it is true a signal handler's event puts back what it finds.
    let _ = IS_SOMEWHERE.try_with(|cell| cell.set(true));
    let found = AT.try_with(|cell| cell.replace(at)).unwrap_or(At::NOWHERE);
    let _ = IS_SOMEWHERE.try_with(|cell| cell.set(is_somewhere));
    found
}

fn is_at(at: At) {
    let _ = AT.try_with(|cell| cell.set(at));
    let _ = IS_SOMEWHERE.try_with(|cell| cell.set(true));
}

/// How many blocks the block of this request stands for that is being looked at; 0 where it is not followed.
pub(super) fn draw(trace: &Trace, request: &Request) -> u64 {
    let weight = draw::weight(trace, request.size);
    if request.op == Op::Realloc {
        is_at(At { is_drawn: true, ..At::NOWHERE });
    }
    weight
}

/// The event that is being looked at happened there, and its block stands for so many.
pub(super) fn happened(site: u32, entry: Option<u64>, weight: u64) {
    is_at(At { site: site + 1, entry: entry.unwrap_or(0), weight, is_drawn: true });
}

/// A block was given out; or none, if it is null.
pub(in crate::hot) fn made(block: *const u8, bytes: usize, at: At) {
    let Some(trace) = current::active() else { return };
    if block.is_null() {
        refused(trace, bytes, at);
        return;
    }
    let Some(site) = at.site.checked_sub(1) else { return };
    let share = Share { size: bytes as u64, weight: at.weight };
    let birth = trace.block_made(site, share);
    put(trace, block, Block { site, entry: at.entry, share, birth });
}

/// A block is about to be given back.
pub(in crate::hot) fn gone(block: *const u8) {
    if let (Some(trace), Some(block)) = (current::active(), lift(block)) {
        trace.block_gone(block.site, block.share, block.birth, chain::is_open(block.entry));
    }
}

/// A block is about to be resized, and may come to lie elsewhere: it has no slot until [`resized`].
#[inline]
pub(in crate::hot) fn lift(block: *const u8) -> Option<Block> {
    let page = in_page(block.addr());
    if page.is_some_and(|page| page.load(Ordering::Relaxed) == 0) {
        return None;
    }
    lift_here(block, page)
}

fn lift_here(block: *const u8, page: Option<&AtomicU32>) -> Option<Block> {
    let slot = slot(block.addr(), false)?;
    let who = slot.who.load(Ordering::Relaxed);
    let birth = slot.birth.load(Ordering::Relaxed);
    if who == 0 || birth & LOW != block.addr() as u64 & LOW {
        return None;
    }
    slot.who.store(0, Ordering::Relaxed);
    if let Some(page) = page {
        page.fetch_sub(1, Ordering::Relaxed);
    }
    let share = slot.share.load(Ordering::Relaxed);
    Some(Block {
        site: u32::try_from(who & ((1 << SITE) - 1)).ok()?.checked_sub(1)?,
        entry: who >> SITE,
        share: Share { size: share & ((1 << SIZE) - 1), weight: share >> SIZE },
        birth: birth >> GRAIN,
    })
}

/// A block was resized, or could not be. It stays its first site's; one that was not followed is from now on, where it was drawn.
pub(in crate::hot) fn resized(old: *const u8, new: *const u8, size: usize, before: Option<Block>, at: At) {
    let Some(trace) = current::active() else { return };
    match before {
        None => made(new, size, at),
        Some(block) if new.is_null() => {
            refused(trace, size, at);
            put(trace, old, block);
        }
        Some(block) if block.share.weight > 1 && at.is_drawn => {
            // It stands for others, which may never become as large. Whatever was decided of it, the draw by its new size is right
            // on average; and so it is for those that stand for none but themselves, which are kept.
            trace.block_left(block.site, block.share, block.birth);
            made(new, size, at);
        }
        Some(block) => {
            trace.block_resized(block.site, block.share, size as u64);
            put(trace, new, Block { share: Share { size: size as u64, ..block.share }, ..block });
        }
    }
}

fn refused(trace: &Trace, size: usize, at: At) {
    if at.is_drawn {
        draw::refused(trace, size);
    }
}

const LOW: u64 = (1 << GRAIN) - 1;

fn put(trace: &Trace, address: *const u8, block: Block) {
    if let Some(unseen) = lift(address) {
        // Something gave it back past the guard.
        trace.block_gone(unseen.site, unseen.share, unseen.birth, false);
    }
    let Share { size, weight } = block.share;
    let fits = size >> SIZE == 0 && weight >> (u64::BITS - SIZE) == 0;
    let free = slot(address.addr(), fits).filter(|slot| fits && slot.who.load(Ordering::Relaxed) == 0);
    let Some(slot) = free else {
        // From here on it counts as given back, which is said.
        trace.block_lost();
        trace.block_gone(block.site, block.share, block.birth, false);
        return;
    };
    if let Some(page) = in_page(address.addr()) {
        page.fetch_add(1, Ordering::Relaxed);
    }
    slot.share.store(weight << SIZE | size, Ordering::Relaxed);
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
    let table = if make { BLOCKS.make() } else { BLOCKS.get() }?.get(part(RANGE + TABLE, TABLE))?;
    let table = if make { table.make() } else { table.get() }?.get(part(RANGE, TABLE))?;
    if make { table.make() } else { table.get() }?.get(part(GRAIN, RANGE - GRAIN))
}
