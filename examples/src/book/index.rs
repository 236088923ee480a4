//! Which slot an order is in: a hash table of fixed size.

/// One cell; `slot` is [`FREE`] where there is no entry.
#[derive(Clone, Copy, Debug)]
struct Cell {
    number: u64,
    slot: u32,
}

const FREE: u32 = u32::MAX;

/// From order numbers to slots, by open addressing with linear probing; allocates when it is made and never
/// afterwards. An entry that goes leaves no gap: those behind it move up.
#[derive(Clone, Debug)]
pub struct Index {
    /// A power of two of them, at least half of which are free.
    cells: Vec<Cell>,
}

impl Index {
    /// Room for so many entries.
    #[must_use]
    pub fn with_capacity(entries: u32) -> Self {
        let cells = (entries as usize * 2).next_power_of_two();
        Self { cells: vec![Cell { number: 0, slot: FREE }; cells] }
    }

    /// The slot of an order.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<u32> {
        Some(self.cells[self.position(number)].slot).filter(|&slot| slot != FREE)
    }

    /// Adds an entry, or replaces the order's entry. There must not be more entries than the table was made for.
    pub fn insert(&mut self, number: u64, slot: u32) {
        let at = self.position(number);
        self.cells[at] = Cell { number, slot };
    }

    /// Takes an order's entry out.
    pub fn remove(&mut self, number: u64) {
        let mut gap = self.position(number);
        self.cells[gap].slot = FREE;
        let mut at = self.next(gap);
        while self.cells[at].slot != FREE {
            // An entry may move up to the gap unless that is before its home.
            let from_home = self.distance(self.home(self.cells[at].number), at);
            if from_home >= self.distance(gap, at) {
                self.cells.swap(gap, at);
                gap = at;
            }
            at = self.next(at);
        }
    }

    /// Where the order's entry is or would go.
    fn position(&self, number: u64) -> usize {
        let mut at = self.home(number);
        while self.cells[at].slot != FREE && self.cells[at].number != number {
            at = self.next(at);
        }
        at
    }

    /// Where the search for an order begins: the high bits of its number times an odd constant.
    fn home(&self, number: u64) -> usize {
        (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (self.cells.len() - 1)
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.cells.len() - 1)
    }

    /// Steps from one cell on to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.cells.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::random::Random;

    #[test]
    fn it_answers_as_the_standard_map_does() {
        const ENTRIES: u32 = 64;
        let mut random = Random::new(5);
        let mut index = Index::with_capacity(ENTRIES);
        let mut map = HashMap::new();
        for _ in 0..20_000 {
            // Few numbers, so that the same ones come and go, and the table is nearly as full as it may be.
            let number = u64::from(random.below(ENTRIES + 8));
            if random.below(3) == 0 {
                index.remove(number);
                map.remove(&number);
            } else if map.len() < ENTRIES as usize {
                let slot = random.below(1000);
                index.insert(number, slot);
                map.insert(number, slot);
            }
            for number in 0..u64::from(ENTRIES + 8) {
                assert_eq!(index.get(number), map.get(&number).copied());
            }
        }
    }
}
