//! One side of the preallocated book.

use super::event::Side;

/// What rests at one price.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    orders: u32,
    shares: u64,
}

/// A level for each price from the lowest to the highest, and which of them is the best.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    side: Side,
    lowest: u32,
    levels: Vec<Level>,
    /// The place of the best level with orders.
    best: Option<usize>,
    occupied: usize,
}

impl Ladder {
    /// Empty levels for the prices from `lowest` to `highest`.
    pub(super) fn new(side: Side, lowest: u32, highest: u32) -> Self {
        let prices = highest.saturating_sub(lowest) as usize + 1;
        Self { side, lowest, levels: vec![Level::default(); prices], best: None, occupied: 0 }
    }

    /// The place of a price's level, if it has one.
    pub(super) fn place(&self, price: u32) -> Option<usize> {
        let place = price.checked_sub(self.lowest)? as usize;
        (place < self.levels.len()).then_some(place)
    }

    /// An order enters a level.
    pub(super) fn add(&mut self, place: usize, shares: u32) {
        let level = &mut self.levels[place];
        self.occupied += usize::from(level.orders == 0);
        level.orders += 1;
        level.shares += u64::from(shares);
        let best = self.best.unwrap_or(place);
        self.best = Some(match self.side {
            Side::Bid => best.max(place),
            Side::Ask => best.min(place),
        });
    }

    /// Shares leave a level, and with the last of an order's shares the order.
    pub(super) fn take(&mut self, place: usize, shares: u32, whole: bool) {
        let level = &mut self.levels[place];
        level.shares -= u64::from(shares);
        level.orders -= u32::from(whole);
        if level.orders == 0 {
            self.occupied -= 1;
            if self.best == Some(place) {
                self.best = self.next_best(place);
            }
        }
    }

    /// The best price and the shares at it.
    pub(super) fn best(&self) -> Option<(u32, u64)> {
        let place = self.best?;
        Some((self.lowest + u32::try_from(place).ok()?, self.levels[place].shares))
    }

    /// The number of prices with orders.
    pub(super) fn occupied(&self) -> usize {
        self.occupied
    }

    /// The best level with orders that is worse than this one.
    fn next_best(&self, place: usize) -> Option<usize> {
        let has_orders = |level: &Level| level.orders > 0;
        match self.side {
            Side::Bid => self.levels[..place].iter().rposition(has_orders),
            Side::Ask => self.levels[place..].iter().position(has_orders).map(|further| place + further),
        }
    }
}
