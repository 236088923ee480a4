//! A ring of blocks that are not written to.

use core::fmt;
use core::ptr;

use crate::primitive::{AtomicPtr, AtomicU64, Ordering};

/// The addresses of up to `N` blocks, pushed and taken by any thread, the oldest first.
///
/// Everything here takes a bounded number of steps: a push or a take that other threads outrun at every attempt gives up.
/// A ring takes `24 * N` bytes on a 64-bit target, all of them zero at first.
///
/// # Algorithm
///
/// Dmitry Vyukov's bounded queue for many producers and consumers (1024cores.net). Each place says whose turn it is: in
/// round `r` it is free at `2 * r`, and filled at `2 * r + 1`. His places begin with their own numbers; these begin with 0, so
/// that a static ring takes no room in the program's file.
///
/// # Examples
///
/// ```
/// use qadapt_spin::BlockRing;
///
/// static WAITING: BlockRing<2> = BlockRing::new();
///
/// let mut byte = 1_u8;
/// assert!(WAITING.push(&raw mut byte, 10));
/// assert!(WAITING.push(&raw mut byte, 11));
/// assert!(!WAITING.push(&raw mut byte, 12), "it is full");
/// assert!(WAITING.pop_if(|note| note < 10).is_none(), "the oldest is not wanted");
/// assert_eq!(WAITING.pop_if(|_| true), Some((&raw mut byte, 10)));
/// ```
pub struct BlockRing<const N: usize> {
    /// How many were ever pushed.
    pushed: AtomicU64,
    /// How many were ever taken.
    taken: AtomicU64,
    places: [Place; N],
}

struct Place {
    turn: AtomicU64,
    block: AtomicPtr<u8>,
    note: AtomicU64,
}

/// Attempts to get a place that others want too. Each multiplies what loom has to explore.
const ATTEMPTS: u32 = if cfg!(loom) { 2 } else { 64 };

impl<const N: usize> BlockRing<N> {
    /// Evaluated by `new`.
    const HAS_PLACES: () = assert!(N > 0, "a BlockRing has at least one place");

    /// Makes an empty ring; to give it no place is an error at compile time.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::HAS_PLACES;
        Self { pushed: AtomicU64::new(0), taken: AtomicU64::new(0), places: [const { Place::new() }; N] }
    }

    /// Makes an empty ring; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        let () = Self::HAS_PLACES;
        Self {
            pushed: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            places: core::array::from_fn(|_| Place::new()),
        }
    }

    /// Adds a block; `note` is handed to whoever takes it. False if the ring is full, or others were faster each time.
    pub fn push(&self, block: *mut u8, note: u64) -> bool {
        for _ in 0..ATTEMPTS {
            // Relaxed: the place's turn says whether the number is still right.
            let number = self.pushed.load(Ordering::Relaxed);
            let Some((place, free)) = self.place(number) else { return false };
            // Acquire pairs with the Release in `pop_if`: whoever emptied the place has read it.
            let turn = place.turn.load(Ordering::Acquire);
            if turn < free {
                return false;
            }
            // Relaxed, both: it only gives the place to one pusher; the turn publishes what is in it.
            let next = number + 1;
            if turn == free
                && self.pushed.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            {
                place.block.store(block, Ordering::Relaxed);
                place.note.store(note, Ordering::Relaxed);
                // Release pairs with the Acquire in `pop_if`.
                place.turn.store(free + 1, Ordering::Release);
                return true;
            }
        }
        false
    }

    /// Takes the oldest block and its note out, if `wanted` says so of the note. `None` if not, if the ring is empty, if the
    /// oldest is still being pushed, or if others were faster each time.
    pub fn pop_if(&self, mut wanted: impl FnMut(u64) -> bool) -> Option<(*mut u8, u64)> {
        for _ in 0..ATTEMPTS {
            // Relaxed: the place's turn says whether the number is still right.
            let number = self.taken.load(Ordering::Relaxed);
            let (place, free) = self.place(number)?;
            // Acquire pairs with the Release in `push`: what is in the place is seen.
            let turn = place.turn.load(Ordering::Acquire);
            if turn <= free {
                return None;
            }
            if turn > free + 1 {
                continue;
            }
            // Relaxed: if another taker has emptied the place meanwhile, the exchange below fails.
            let taken = (place.block.load(Ordering::Relaxed), place.note.load(Ordering::Relaxed));
            if !wanted(taken.1) {
                return None;
            }
            // Relaxed, both: it only gives the place to one taker.
            let next = number + 1;
            if self.taken.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                // Release pairs with the Acquire in `push`.
                place.turn.store(free + 2, Ordering::Release);
                return Some(taken);
            }
        }
        None
    }

    /// The place of a number, and the turn at which it is free for that.
    fn place(&self, number: u64) -> Option<(&Place, u64)> {
        let places = N as u64;
        let index = usize::try_from(number % places).ok()?;
        Some((self.places.get(index)?, number / places * 2))
    }
}

impl<const N: usize> Default for BlockRing<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    #[cfg(not(loom))]
    const fn new() -> Self {
        Self { turn: AtomicU64::new(0), block: AtomicPtr::new(ptr::null_mut()), note: AtomicU64::new(0) }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self { turn: AtomicU64::new(0), block: AtomicPtr::new(ptr::null_mut()), note: AtomicU64::new(0) }
    }
}

impl<const N: usize> fmt::Debug for BlockRing<N> {
    /// Shows how full the ring is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = self.taken.load(Ordering::Relaxed);
        let pushed = self.pushed.load(Ordering::Relaxed);
        let waiting = pushed.saturating_sub(taken);
        f.debug_struct("BlockRing").field("waiting", &waiting).field("of", &N).finish_non_exhaustive()
    }
}
