//! How much waits and has waited.
//!
//! A thread counts its blocks before others can take them, so that the figures are never below what waits.

use core::sync::atomic::{AtomicU64, Ordering};

use super::limit::Limit;
use crate::model::{Amount, Deferred};

/// Blocks and bytes that wait or have room reserved. Relaxed, all of them: they guard nothing, and whoever takes a block has it
/// from whoever counted it.
static WAITING: Figures = Figures::new();
/// The most of each that ever waited at once.
static MOST: Figures = Figures::new();
static OVER: AtomicU64 = AtomicU64::new(0);
static MOVED: AtomicU64 = AtomicU64::new(0);
static SHRUNK: AtomicU64 = AtomicU64::new(0);

struct Figures {
    blocks: AtomicU64,
    bytes: AtomicU64,
}

impl Figures {
    const fn new() -> Self {
        Self { blocks: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    fn get(&self) -> Amount {
        Amount { blocks: self.blocks.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

/// Counts what will wait.
pub(super) fn add(amount: Amount) {
    WAITING.blocks.fetch_add(amount.blocks, Ordering::Relaxed);
    WAITING.bytes.fetch_add(amount.bytes, Ordering::Relaxed);
}

/// Takes off what waits no longer, or room that was not used.
pub(super) fn subtract(amount: Amount) {
    if amount != Amount::NONE {
        WAITING.blocks.fetch_sub(amount.blocks, Ordering::Relaxed);
        WAITING.bytes.fetch_sub(amount.bytes, Ordering::Relaxed);
    }
}

/// How much waits, without the room that this thread has not used.
pub(super) fn now(unused: Amount) -> Amount {
    less(WAITING.get(), unused)
}

/// Notes that so much has waited at once.
pub(super) fn note_most(now: Amount) {
    for (most, now) in [(&MOST.blocks, now.blocks), (&MOST.bytes, now.bytes)] {
        if now > most.load(Ordering::Relaxed) {
            most.fetch_max(now, Ordering::Relaxed);
        }
    }
}

/// Reserves room: for as much as is wished, less where the limit is near, and nothing below what is needed.
pub(super) fn reserve(limit: &Limit, needed: Amount, wished: Amount) -> Option<Amount> {
    let most = limit.most;
    let blocks = reserve_of(&WAITING.blocks, most.blocks, needed.blocks, wished.blocks)?;
    let Some(bytes) = reserve_of(&WAITING.bytes, most.bytes, needed.bytes, wished.bytes) else {
        WAITING.blocks.fetch_sub(blocks, Ordering::Relaxed);
        return None;
    };
    Some(Amount { blocks, bytes })
}

/// Attempts to reserve room while other threads do.
const ATTEMPTS: u32 = 100;

fn reserve_of(waiting: &AtomicU64, most: u64, needed: u64, wished: u64) -> Option<u64> {
    let mut now = waiting.load(Ordering::Relaxed);
    for _ in 0..ATTEMPTS {
        let room = most.saturating_sub(now).min(wished);
        if room < needed {
            return None;
        }
        let then = now.saturating_add(room);
        match waiting.compare_exchange_weak(now, then, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Some(then - now),
            Err(other) => now = other,
        }
    }
    None
}

/// A block came when there was no room.
pub(super) fn count_over() {
    OVER.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn count_moved() {
    MOVED.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn count_shrunk() {
    SHRUNK.fetch_add(1, Ordering::Relaxed);
}

/// All figures, as a thread sees them that has so much of its own, and so much room reserved for it.
pub(super) fn all(own: Amount, room: Amount) -> Deferred {
    let counted = now(room);
    let waiting = Amount { blocks: counted.blocks + own.blocks, bytes: counted.bytes + own.bytes };
    let most = MOST.get();
    Deferred {
        waiting,
        most: Amount { blocks: most.blocks.max(waiting.blocks), bytes: most.bytes.max(waiting.bytes) },
        over: OVER.load(Ordering::Relaxed),
        moved: MOVED.load(Ordering::Relaxed),
        shrunk: SHRUNK.load(Ordering::Relaxed),
    }
}

fn less(all: Amount, part: Amount) -> Amount {
    Amount { blocks: all.blocks.saturating_sub(part.blocks), bytes: all.bytes.saturating_sub(part.bytes) }
}
