//! Which slots are taken: a bit a slot, set by who takes the slot and cleared by who gives it back.
//!
//! ```text
//! word of a group:  | how often a slot of the group was given back | a bit a slot: 1 = taken |
//!                     upper half                                     lower half
//! ```
//!
//! Zeroed memory is a bitmap whose slots are all free. There are no links, so nothing can be taken twice because a link
//! is old: the trouble of lock-free stacks that heapless had in its issue 180 (ABA) cannot arise. Taking is one
//! compare-exchange, giving back is one addition, which never fails and never repeats. That a search of a bitmap has no
//! ABA is also why Squid's page pool went from a stack to a tree of bits (squid-cache/squid, pull request 587).

use crate::primitive::{AtomicUsize, Ordering, home};

const HALF: u32 = usize::BITS / 2;
/// One slot was given back, in the upper half of a word.
const GIVEN_BACK: usize = 1 << HALF;

/// A bit for each slot; `words` has as many words as there are slots.
///
/// Only the first word of each group is in use: const generics cannot divide, so that an array of `N` words is what can
/// be had for `N` slots. The unused ones keep the used ones on different cache lines, so that threads which search from
/// different words do not slow each other down.
#[repr(C)]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct Bitmap<W: ?Sized = [AtomicUsize]> {
    words: W,
}

impl<W> Bitmap<W> {
    pub(crate) const fn over(words: W) -> Self {
        Self { words }
    }
}

impl Bitmap {
    /// The slots of a group, as a power of two: 8 where there are few slots, so that these lie on several cache lines;
    /// where there are many, as many as have a bit, so that a search is short.
    #[inline]
    const fn shift(&self) -> u32 {
        if self.words.len() < 512 { 3 } else { HALF.ilog2() }
    }

    #[inline]
    const fn groups(&self) -> usize {
        self.words.len().div_ceil(1 << self.shift())
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    /// How many slots are free, one group after the other: while others take and give back, only an estimate.
    pub(crate) fn count_free(&self) -> usize {
        let free = |group| self.words.get(group << self.shift()).map_or(0, |word| self.free_in(group, word));
        (0..self.groups()).map(free).sum()
    }

    fn free_in(&self, group: usize, word: &AtomicUsize) -> usize {
        // Relaxed: nothing is read that the bits guard.
        (!word.load(Ordering::Relaxed) & self.mask(group)).count_ones() as usize
    }

    /// Takes a free slot, searching from this thread's own group on.
    #[inline]
    pub(crate) fn take(&self) -> Option<usize> {
        let groups = self.groups();
        if groups <= 1 { self.take_from(0) } else { self.take_from(spread(home(), groups)) }
    }

    /// Takes a free slot, searching from the group of this slot on.
    pub(crate) fn take_near(&self, slot: usize) -> Option<usize> {
        self.take_from(slot >> self.shift())
    }

    /// Takes a free slot, unless at one moment of the call no slot was free.
    #[inline]
    fn take_from(&self, first: usize) -> Option<usize> {
        match self.take_in(first) {
            Ok(slot) => Some(slot),
            Err(_) if self.groups() <= 1 => None,
            Err(_) => self.search(first),
        }
    }

    /// A slot can be given back behind a search while the one ahead of it is taken. So a search that found nothing counts
    /// only if nothing was given back between it and the one before: then every group was full at the moment between.
    /// Each repetition means that someone gave back a slot.
    #[cold]
    fn search(&self, first: usize) -> Option<usize> {
        let mut before = None;
        loop {
            match self.search_once(first) {
                Ok(slot) => return Some(slot),
                Err(given_back) if before == Some(given_back) => return None,
                Err(given_back) => before = Some(given_back),
            }
        }
    }

    /// A slot, or how many were given back so far; the count wraps round.
    fn search_once(&self, first: usize) -> Result<usize, usize> {
        let mut given_back = 0_usize;
        for group in (first..self.groups()).chain(0..first) {
            match self.take_in(group) {
                Ok(slot) => return Ok(slot),
                Err(full) => given_back = given_back.wrapping_add(full >> HALF),
            }
        }
        Err(given_back)
    }

    /// Takes the lowest free slot of a group; the same slots stay in use, and in the cache.
    #[inline]
    fn take_in(&self, group: usize) -> Result<usize, usize> {
        let Some(word) = self.words.get(group << self.shift()) else { return Err(0) };
        let usable = self.mask(group);
        // SeqCst: who waits searches after having said so, who gives back looks for waiters after having done so; one of
        // the two must see the other (`Shelf::settle`, `Shelf::release`).
        let mut seen = word.load(Ordering::SeqCst);
        loop {
            let free = !seen & usable;
            if free == 0 {
                return Err(seen);
            }
            let lowest = free & free.wrapping_neg();
            // Acquire, as a part of SeqCst, pairs with the release in `give_back`: what the slot's last owner did to its
            // memory happened before.
            match word.compare_exchange_weak(seen, seen | lowest, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Ok((group << self.shift()) | lowest.trailing_zeros() as usize),
                Err(now) => seen = now,
            }
        }
    }

    /// Gives a taken slot back: one addition, whatever others do.
    #[inline]
    pub(crate) fn give_back(&self, slot: usize) {
        let group = slot >> self.shift();
        let bit = 1 << (slot - (group << self.shift()));
        if let Some(word) = self.words.get(group << self.shift()) {
            // Takes the bit away and adds to the upper half, which wraps round. Release, as a part of SeqCst, pairs with
            // the acquire in `take_in`.
            let before = word.fetch_add(GIVEN_BACK.wrapping_sub(bit), Ordering::SeqCst);
            debug_assert!(before & bit != 0, "slot {slot} was given back twice");
        }
    }

    /// The bits that stand for slots: in the last group there can be fewer.
    #[inline]
    const fn mask(&self, group: usize) -> usize {
        let left = self.words.len() - (group << self.shift());
        let size = 1 << self.shift();
        (1 << if left < size { left } else { size }) - 1
    }
}

/// One of so many groups for each number; consecutive numbers get groups that are far apart.
///
/// Multiplying by the golden ratio does that (Knuth's Fibonacci hashing), and the upper half of a product takes the place of
/// a division, which would cost more than all the rest (Lemire, "Fast Random Integer Generation in an Interval", 2019).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "any bits do, and the result is less than `groups`")]
const fn spread(number: usize, groups: usize) -> usize {
    let fraction = (number as u32).wrapping_mul(0x9E37_79B9);
    ((fraction as u64 * groups as u64) >> 32) as usize
}
