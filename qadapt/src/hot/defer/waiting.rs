//! The blocks that wait in this process.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use qadapt_spin::{BlockList, BlockRing, Link};

use super::figures;
use super::limit::{Kept, Limit};
use crate::model::Amount;

/// Blocks that hold a link.
static LINKED: BlockList = BlockList::new();
/// Blocks that are too small for one, or lie askew.
static SMALL: BlockRing<4096> = BlockRing::new();
/// Blocks with pages that the program may never have touched: writing a link there would take a page from the system.
static LARGE: BlockRing<1024> = BlockRing::new();

/// The largest block that holds a link. What allocators write before and after such a block lies on every page that it is on.
const LARGEST: usize = 4096 - 2 * size_of::<usize>();

/// A block that was freed and waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    address: *mut u8,
    layout: Layout,
}

/// Bits of a note that say the alignment, as a power of two.
const ALIGN_BITS: u32 = 6;

impl Waiting {
    #[inline(always)]
    pub(super) const fn new(address: *mut u8, layout: Layout) -> Self {
        Self { address, layout }
    }

    #[inline(always)]
    pub(super) const fn size(&self) -> usize {
        self.layout.size()
    }

    /// True if the block's memory can say what waits next.
    #[inline(always)]
    #[expect(clippy::cast_ptr_alignment, reason = "the alignment is what is asked")]
    pub(super) fn can_hold_a_link(&self) -> bool {
        (size_of::<Link>()..=LARGEST).contains(&self.size()) && self.address.cast::<Link>().is_aligned()
    }

    const fn amount(&self) -> Amount {
        Amount { blocks: 1, bytes: self.layout.size() as u64 }
    }

    /// Counts the block among those that wait; false where the limit has no room for it.
    pub(super) fn is_counted(&self, limit: &Limit, always: bool) -> bool {
        let amount = self.amount();
        if always || !limit.is_set() {
            figures::add(amount);
            return true;
        }
        figures::reserve(limit, amount, amount).is_some()
    }

    /// The size and the alignment in one number. A size of 2^58 bytes is no block's.
    #[inline(always)]
    const fn note(&self) -> u64 {
        (self.layout.size() as u64) << ALIGN_BITS | self.layout.align().trailing_zeros() as u64
    }

    /// Makes the block a link that leads to another one, or nowhere for null.
    ///
    /// # Safety
    /// Nobody uses the block's memory, and it can hold a link.
    #[inline(always)]
    #[expect(unsafe_code, reason = "writes to a block that nobody uses any more")]
    #[expect(clippy::cast_possible_truncation, reason = "a block with a link is small")]
    #[expect(clippy::cast_ptr_alignment, reason = "a block that can hold a link is aligned to one")]
    pub(super) unsafe fn link_before(&self, next: *mut Link) -> NonNull<Link> {
        let note = self.note() as usize;
        let link = match NonNull::new(next) {
            Some(next) => Link::before(next, note),
            None => Link::new(note),
        };
        let place = self.address.cast::<Link>();
        // SAFETY: the caller says that the block has room for a link and is aligned to one, and that it is nobody's.
        unsafe { place.write(link) };
        // SAFETY: a block's address is not null.
        unsafe { NonNull::new_unchecked(place) }
    }
}

/// Puts a chain of links where others find it.
#[expect(unsafe_code, reason = "what is pushed must be links")]
pub(super) fn push(first: NonNull<Link>, last: NonNull<Link>) {
    // SAFETY: a thread's chain leads from its first link to its last, `link_before` wrote all of them, and the thread forgets them.
    unsafe { LINKED.push(first, last) };
}

/// Keeps a block that becomes part of no chain.
///
/// # Safety
/// It [is counted](Waiting::is_counted), and nobody uses its memory until it is taken from what waits.
#[expect(unsafe_code, reason = "writes to a block that nobody uses any more")]
pub(super) unsafe fn keep(block: Waiting) -> Kept {
    // Before others can take the block, and noted only if it waits.
    let now = figures::now(Amount::NONE);
    let is_kept = if block.can_hold_a_link() {
        // SAFETY: the caller's contract, and the block can hold a link.
        let link = unsafe { block.link_before(ptr::null_mut()) };
        push(link, link);
        true
    } else if block.size() > LARGEST {
        LARGE.push(block.address, block.note())
    } else {
        SMALL.push(block.address, block.note())
    };
    if is_kept {
        figures::note_most(now);
        return Kept::Waits;
    }
    figures::subtract(block.amount());
    Kept::NoRoom
}

/// Frees what waits, up to a limit, and no more than waits now: other threads may go on to defer for ever.
///
/// # Safety
/// All that waits is of this allocator.
#[expect(unsafe_code, reason = "frees what waits")]
pub(super) unsafe fn free<A: GlobalAlloc>(allocator: &A, limit: Amount) -> Amount {
    let limit = Amount { blocks: limit.blocks.min(figures::now(Amount::NONE).blocks), bytes: limit.bytes };
    let mut given = Given { now: Amount::NONE, uncounted: Amount::NONE, limit };
    if let Some(mut taker) = LINKED.take() {
        while let Some((link, note)) = taker.next_if(|note| given.has_room_for(note as u64)) {
            // SAFETY: the block was pushed with this note, and has left the list.
            unsafe { given.free(allocator, link.as_ptr().cast(), note as u64) };
        }
    }
    while let Some((block, note)) = SMALL.pop_if(|note| given.has_room_for(note)) {
        // SAFETY: as above.
        unsafe { given.free(allocator, block, note) };
    }
    while let Some((block, note)) = LARGE.pop_if(|note| given.has_room_for(note)) {
        // SAFETY: as above.
        unsafe { given.free(allocator, block, note) };
    }
    figures::subtract(given.uncounted);
    given.now
}

/// What has been given back.
struct Given {
    now: Amount,
    /// What of it the figures do not know yet.
    uncounted: Amount,
    limit: Amount,
}

impl Given {
    fn has_room_for(&self, note: u64) -> bool {
        self.now.blocks < self.limit.blocks && size(note) <= self.limit.bytes - self.now.bytes
    }

    /// # Safety
    /// The block is the allocator's, its note is this one, and nobody uses it.
    #[expect(unsafe_code, reason = "frees a block")]
    #[expect(clippy::cast_possible_truncation, reason = "a block's size was a usize")]
    unsafe fn free<A: GlobalAlloc>(&mut self, allocator: &A, block: *mut u8, note: u64) {
        let align = 1 << (note & ((1 << ALIGN_BITS) - 1));
        // SAFETY: they are what `note` made of a layout.
        let layout = unsafe { Layout::from_size_align_unchecked(size(note) as usize, align) };
        // SAFETY: the block was allocated with this layout, since it was freed with it, and nobody uses it.
        unsafe { allocator.dealloc(block, layout) };
        for amount in [&mut self.now, &mut self.uncounted] {
            amount.blocks += 1;
            amount.bytes += size(note);
        }
        if self.uncounted.blocks == 32 {
            figures::subtract(self.uncounted);
            self.uncounted = Amount::NONE;
        }
    }
}

const fn size(note: u64) -> u64 {
    note >> ALIGN_BITS
}
