//! A set of addresses of one function, in their order: one bit for each of its bytes, and a tree for those that lie elsewhere.
//!
//! Functions are followed address by address, and nearly all of what is asked is whether one has been seen and which is
//! the next: in a tree that takes a tenth of the time of a proof.

use std::collections::BTreeSet;
use std::ops::Range;

/// Functions with more bytes have the others in the tree, so that one that only claims to be long costs little.
const MOST: u64 = 1 << 18;

/// A set of addresses, of which most lie in one window.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    /// The window's first address.
    start: u64,
    /// How many bytes it has.
    length: u64,
    /// Bit `i` says whether the `i`-th byte of the window is in the set; beyond the last word none is.
    words: Vec<u64>,
    /// No word before this one has a bit.
    lowest: usize,
    outside: BTreeSet<u64>,
}

impl Addresses {
    /// No address yet; most will lie in this window.
    pub(crate) fn within(window: &Range<u64>) -> Self {
        let mut found = Self::default();
        found.clear(window);
        found
    }

    /// Forgets all addresses; most of the next ones will lie in this window.
    pub(crate) fn clear(&mut self, window: &Range<u64>) {
        self.words.clear();
        self.outside.clear();
        self.start = window.start;
        self.length = window.end.saturating_sub(window.start).min(MOST);
        self.lowest = usize::MAX;
    }

    /// The byte of the window that an address is.
    pub(crate) fn place(&self, addr: u64) -> Option<usize> {
        let offset = addr.wrapping_sub(self.start);
        if offset < self.length { usize::try_from(offset).ok() } else { None }
    }

    /// Adds an address; says whether it is new.
    pub(crate) fn insert(&mut self, addr: u64) -> bool {
        let Some(place) = self.place(addr) else { return self.outside.insert(addr) };
        let (word, bit) = (place / 64, 1 << (place % 64));
        self.lowest = self.lowest.min(word);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Whether an address is in the set.
    pub(crate) fn contains(&self, addr: u64) -> bool {
        match self.place(addr) {
            Some(place) => self.words.get(place / 64).is_some_and(|bits| bits & 1 << (place % 64) != 0),
            None => self.outside.contains(&addr),
        }
    }

    /// Takes the lowest address out.
    pub(crate) fn pop_first(&mut self) -> Option<u64> {
        let first = self.next(0)?;
        match self.place(first) {
            Some(place) => {
                self.lowest = place / 64;
                self.words[place / 64] &= !(1 << (place % 64));
            }
            None => {
                self.outside.remove(&first);
            }
        }
        Some(first)
    }

    /// The lowest address that is this one or lies above it.
    pub(crate) fn next(&self, from: u64) -> Option<u64> {
        let inside = self.next_inside(from);
        if self.outside.is_empty() {
            return inside;
        }
        let outside = self.outside.range(from..).next().copied();
        inside.into_iter().chain(outside).min()
    }

    fn next_inside(&self, from: u64) -> Option<u64> {
        let offset = usize::try_from(from.saturating_sub(self.start)).ok()?;
        let mut word = offset / 64;
        let mut bits = self.words.get(word)? & u64::MAX << (offset % 64);
        if word < self.lowest {
            word = self.lowest;
            bits = *self.words.get(word)?;
        }
        while bits == 0 {
            word += 1;
            bits = *self.words.get(word)?;
        }
        Some(self.start + (word as u64 * 64 + u64::from(bits.trailing_zeros())))
    }

    /// The highest address below this one.
    pub(crate) fn previous(&self, before: u64) -> Option<u64> {
        let inside = self.previous_inside(before);
        if self.outside.is_empty() {
            return inside;
        }
        let outside = self.outside.range(..before).next_back().copied();
        inside.into_iter().chain(outside).max()
    }

    fn previous_inside(&self, before: u64) -> Option<u64> {
        let offset = before.checked_sub(self.start)?.min(self.length);
        let mut word = usize::try_from(offset / 64).ok()?;
        let mut bits = self.words.get(word).map_or(0, |bits| bits & !(u64::MAX << (offset % 64)));
        word = word.min(self.words.len());
        while bits == 0 {
            if word <= self.lowest {
                return None;
            }
            word -= 1;
            bits = self.words[word];
        }
        Some(self.start + (word as u64 * 64 + 63 - u64::from(bits.leading_zeros())))
    }

    /// All addresses, the lowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        let mut next = self.next(0);
        std::iter::from_fn(move || {
            let addr = next?;
            next = addr.checked_add(1).and_then(|after| self.next(after));
            Some(addr)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set that does the same with a tree alone.
    fn compare(window: &Range<u64>, reach: &Range<u64>, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut set = Addresses::within(&(1..77));
        set.insert(9);
        set.insert(900);
        set.clear(window);
        let mut tree = BTreeSet::new();
        for _ in 0..2000 {
            let addr = random.u64(reach.clone());
            match random.u8(0..8) {
                0..4 => assert_eq!(set.insert(addr), tree.insert(addr)),
                4 => assert_eq!(set.pop_first(), tree.pop_first()),
                _ => {}
            }
            assert_eq!(set.contains(addr), tree.contains(&addr));
            assert_eq!(set.next(addr), tree.range(addr..).next().copied(), "{addr:#x} in {window:x?}");
            assert_eq!(
                set.previous(addr),
                tree.range(..addr).next_back().copied(),
                "{addr:#x} in {window:x?}"
            );
        }
        assert!(set.iter().eq(tree));
    }

    #[test]
    fn it_is_as_a_tree_is() {
        for seed in 0..32 {
            compare(&(0x1000..0x1400), &(0x1000..0x1400), seed);
            compare(&(0x1000..0x1003), &(0xff0..0x1100), seed);
            compare(&(0x1010..0x10d1), &(0xf00..0x1200), seed);
            compare(&(0x1000..0x1000), &(0xf00..0x1200), seed);
            compare(&(0..100), &(0..200), seed);
            compare(&(u64::MAX - 100..u64::MAX), &(u64::MAX - 200..u64::MAX), seed);
            compare(&(5..MOST + 300), &(MOST - 100..MOST + 200), seed);
        }
    }
}
