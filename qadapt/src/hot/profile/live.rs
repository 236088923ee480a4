//! Where the sampled blocks are that are alive.
//!
//! A sampled block begins at a page, as in jemalloc: few others do, so that two instructions tell of nearly each block that is given
//! back that it is none. Each page has a slot, found by three steps through tables that are mapped as blocks come to lie there.
//!
//! ```text
//! bits of an address    47 .. 36    35 .. 24    23 .. 12
//!                       part    ->  range   ->  slot: site, what it stands for, size
//! ```
//!
//! Nothing is locked or moved: from the inner allocator's giving a block out to taking it back its slot is that block's
//! alone, and the allocator orders the accesses of a block's owner before those of the next one.

use core::alloc::Layout;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::sites::{Share, Site};
use crate::hot::mapped::{Mapped, Zeroed};

/// A page's size as a power of two: where the system has larger ones, a part of a page.
const PAGE: u32 = 12;
const TABLE: u32 = 12;
/// Addresses beyond are none that a program gets.
const ADDRESS: u32 = PAGE + 3 * TABLE;

/// Relaxed throughout: see above.
struct Slot {
    /// The site plus one; 0 where no sampled block is alive.
    site: AtomicU32,
    stands_for: AtomicU64,
    size: AtomicU64,
}

type Table<T> = [T; 1 << TABLE];

#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: no block.
unsafe impl Zeroed for Slot {}

static BLOCKS: Table<Mapped<Table<Mapped<Table<Slot>>>>> = [const { Mapped::new() }; 1 << TABLE];

/// A sampled block that is alive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampled {
    pub(super) site: Site,
    pub(super) share: Share,
}

/// True if a block may be a sampled one: nearly all blocks lie at multiples of 8, and so the three lowest bits need not be looked at.
/// With them the compiler would shift the others to the top, which is one instruction more.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn may_be(block: *const u8) -> bool {
    block.addr() & ((1 << PAGE) - 8) == 0
}

/// The layout of a sampled block that is asked for with this one; none where there is no such.
pub(super) fn layout(asked: Layout) -> Option<Layout> {
    asked.align_to(1 << PAGE).ok()
}

/// True if a block is a sampled one.
pub(super) fn is(block: *const u8) -> bool {
    slot(block.addr(), false).is_some_and(|slot| slot.site.load(Ordering::Relaxed) != 0)
}

/// A sampled block was given out. False if there is no slot for it.
pub(super) fn put(block: *const u8, sampled: Sampled) -> bool {
    let Some(slot) = slot(block.addr(), true) else { return false };
    slot.stands_for.store(sampled.share.bytes, Ordering::Relaxed);
    slot.size.store(sampled.share.size, Ordering::Relaxed);
    slot.site.store(sampled.site.number() + 1, Ordering::Relaxed);
    true
}

/// A sampled block is about to be given back.
pub(super) fn lift(block: *const u8) -> Option<Sampled> {
    let slot = slot(block.addr(), false)?;
    let site = slot.site.swap(0, Ordering::Relaxed).checked_sub(1)?;
    let share =
        Share { bytes: slot.stands_for.load(Ordering::Relaxed), size: slot.size.load(Ordering::Relaxed) };
    Some(Sampled { site: Site::numbered(site), share })
}

/// A sampled block belongs to another site from now on. False if it is not alive.
pub(super) fn rename(block: usize, from: Site, to: Site) -> bool {
    let (from, to) = (from.number() + 1, to.number() + 1);
    slot(block, false).is_some_and(|slot| {
        slot.site.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    })
}

/// The slot for a page's address; none where there is none, and none is to be made, or there is no memory for it.
fn slot(address: usize, make: bool) -> Option<&'static Slot> {
    let address = address as u64;
    if address >> ADDRESS != 0 || address & ((1 << PAGE) - 1) != 0 {
        return None;
    }
    let part = |from: u32| usize::try_from(address >> from & ((1 << TABLE) - 1)).unwrap_or(0);
    let table = BLOCKS.get(part(PAGE + 2 * TABLE))?;
    let table = if make { table.make() } else { table.get() }?.get(part(PAGE + TABLE))?;
    if make { table.make() } else { table.get() }?.get(part(PAGE))
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::*;

    #[test]
    fn a_block_is_found_once() {
        let block = ptr::without_provenance(0x7f12_3456_7000);
        let sampled = Sampled { site: Site::numbered(7), share: Share { bytes: 3, size: 2 } };
        assert!(may_be(block) && !is(block) && lift(block).is_none());
        assert!(put(block, sampled) && is(block));
        let found = lift(block).expect("it is there");
        assert_eq!((found.site.number(), found.share.bytes, found.share.size), (7, 3, 2));
        assert!(!is(block) && lift(block).is_none());
    }

    #[test]
    fn an_address_that_no_program_gets_has_no_slot() {
        let sampled = Sampled { site: Site::numbered(0), share: Share { bytes: 1, size: 1 } };
        assert!(!put(ptr::without_provenance(1 << ADDRESS), sampled));
    }

    #[test]
    fn what_lies_inside_of_a_page_is_not_the_block_at_its_beginning() {
        let sampled = Sampled { site: Site::numbered(0), share: Share { bytes: 1, size: 1 } };
        assert!(put(ptr::without_provenance(0x7f12_4000_0000), sampled));
        let inside = ptr::without_provenance(0x7f12_4000_0010);
        assert!(!may_be(inside) && !is(inside) && lift(inside).is_none() && !put(inside, sampled));
    }
}
