//! The blocks that a thread has freed in its deferring regions and not handed over yet: a chain through the blocks
//! themselves, so that one exchange hands many over.
//!
//! The figures of a chain are part of the process's once it is handed over; under a limit, room for them is reserved before.

use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{Ordering, compiler_fence};

use qadapt_spin::Link;

use super::figures;
use super::limit::{Kept, Limit};
use super::waiting::{self, Waiting};
use crate::model::{Amount, Deferred};

/// A chain is handed over when it has so many blocks or bytes, or when the region ends.
const LONG: Amount = Amount { blocks: 32, bytes: 16 << 10 };

struct Chain {
    /// Set while the chain is changed: a signal handler that comes in between leaves it alone.
    is_busy: Cell<bool>,
    /// The block that was freed last; null for an empty chain.
    first: Cell<*mut Link>,
    last: Cell<*mut Link>,
    blocks: Cell<u64>,
    bytes: Cell<u64>,
    /// What is reserved for the chain, of which its blocks use a part.
    room: Cell<Amount>,
}

thread_local! {
    static CHAIN: Chain = const {
        Chain {
            is_busy: Cell::new(false),
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            blocks: Cell::new(0),
            bytes: Cell::new(0),
            room: Cell::new(Amount::NONE),
        }
    };
}

/// Keeps a block. `always` where it is kept whatever the limit says.
///
/// # Safety
/// Nobody uses the block's memory until it is taken from what waits, and it can hold a link.
#[inline(always)]
#[expect(unsafe_code, reason = "the block becomes a link")]
pub(super) unsafe fn keep(block: Waiting, limit: &Limit, always: bool) -> Kept {
    // A closure that did the work would get the block through memory.
    let Ok(chain) = CHAIN.try_with(ptr::from_ref) else { return Kept::NoRoom };
    // SAFETY: a thread-local that needs no drop is there as long as its thread.
    let chain = unsafe { &*chain };
    if chain.is_busy.replace(true) {
        // SAFETY: the caller's contract.
        return unsafe { keep_apart(block, limit, always) };
    }
    compiler_fence(Ordering::SeqCst);
    // SAFETY: the caller's contract.
    let kept = unsafe { chain.keep(block, limit, always) };
    compiler_fence(Ordering::SeqCst);
    chain.is_busy.set(false);
    kept
}

/// Hands the thread's chain over, and gives back the room that it did not use.
#[inline(always)]
pub(super) fn hand_over() {
    let _ = CHAIN.try_with(|chain| {
        if !chain.first.get().is_null() || chain.room.get() != Amount::NONE {
            chain.end();
        }
    });
}

/// Keeps a block that becomes part of no chain. `always` where it is kept whatever the limit says.
///
/// # Safety
/// Nobody uses the block's memory until it is taken from what waits.
#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "keeps a block")]
pub(super) unsafe fn keep_apart(block: Waiting, limit: &Limit, always: bool) -> Kept {
    if !block.is_counted(limit, always) {
        // The room that this thread has reserved for its chain and not used may be enough.
        hand_over();
        if !block.is_counted(limit, always) {
            return Kept::NoRoom;
        }
    }
    // SAFETY: the caller's contract, and the block is counted.
    unsafe { waiting::keep(block) }
}

/// How much waits and has waited, as this thread sees it.
pub(crate) fn all_figures() -> Deferred {
    let own = CHAIN.try_with(|chain| (chain.amount(), chain.room.get()));
    let (own, room) = own.unwrap_or((Amount::NONE, Amount::NONE));
    figures::all(own, room)
}

impl Chain {
    /// # Safety
    /// As for [`keep`].
    #[inline(always)]
    #[expect(unsafe_code, reason = "the block becomes a link")]
    unsafe fn keep(&self, block: Waiting, limit: &Limit, always: bool) -> Kept {
        let blocks = self.blocks.get() + 1;
        let bytes = self.bytes.get() + block.size() as u64;
        if limit.is_set() && !always && !self.has_room(Amount { blocks, bytes }, limit) {
            return Kept::NoRoom;
        }
        // SAFETY: the caller's contract.
        let link = unsafe { block.link_before(self.first.get()) };
        if self.first.replace(link.as_ptr()).is_null() {
            self.last.set(link.as_ptr());
        }
        self.blocks.set(blocks);
        self.bytes.set(bytes);
        if blocks >= LONG.blocks || bytes >= LONG.bytes {
            self.hand_over();
        }
        Kept::Waits
    }

    fn amount(&self) -> Amount {
        Amount { blocks: self.blocks.get(), bytes: self.bytes.get() }
    }

    #[inline(always)]
    fn has_room(&self, needed: Amount, limit: &Limit) -> bool {
        let room = self.room.get();
        needed.blocks <= room.blocks && needed.bytes <= room.bytes || self.reserve(needed, limit)
    }

    /// Reserves what is missing, or for some blocks more.
    #[cold]
    #[inline(never)]
    fn reserve(&self, needed: Amount, limit: &Limit) -> bool {
        let room = self.room.get();
        let missing = Amount {
            blocks: needed.blocks.saturating_sub(room.blocks),
            bytes: needed.bytes.saturating_sub(room.bytes),
        };
        let wished = Amount {
            blocks: if missing.blocks > 0 { LONG.blocks } else { 0 },
            bytes: if missing.bytes > 0 { missing.bytes.max(LONG.bytes) } else { 0 },
        };
        let Some(more) = figures::reserve(limit, missing, wished) else { return false };
        self.room.set(Amount { blocks: room.blocks + more.blocks, bytes: room.bytes + more.bytes });
        true
    }

    /// Counts what has no room reserved, and puts the chain where others find it.
    #[cold]
    #[inline(never)]
    fn hand_over(&self) {
        let (amount, room) = (self.amount(), self.room.get());
        let used = Amount { blocks: amount.blocks.min(room.blocks), bytes: amount.bytes.min(room.bytes) };
        let uncounted = Amount { blocks: amount.blocks - used.blocks, bytes: amount.bytes - used.bytes };
        let unused = Amount { blocks: room.blocks - used.blocks, bytes: room.bytes - used.bytes };
        figures::add(uncounted);
        figures::note_most(figures::now(unused));
        self.room.set(unused);
        self.blocks.set(0);
        self.bytes.set(0);
        let last = self.last.get();
        if let (Some(first), Some(last)) =
            (NonNull::new(self.first.replace(ptr::null_mut())), NonNull::new(last))
        {
            waiting::push(first, last);
        }
    }

    /// The end of the thread's last deferring region.
    #[cold]
    #[inline(never)]
    fn end(&self) {
        if self.is_busy.replace(true) {
            // A signal handler's region: the one that it interrupted goes on.
            return;
        }
        compiler_fence(Ordering::SeqCst);
        self.hand_over();
        figures::subtract(self.room.replace(Amount::NONE));
        compiler_fence(Ordering::SeqCst);
        self.is_busy.set(false);
    }
}
