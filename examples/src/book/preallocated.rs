//! The book for the hot path: all its memory is set aside when it is made.

use super::event::{Action, Event, Side};
use super::fault::Fault;
use super::index::Index;
use super::ladder::Ladder;
use super::slab::{Order, Slab};
use super::summary::Summary;

/// How large a book may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Orders at once.
    pub orders: u32,
    /// The lowest price that has a level, in hundredths.
    pub lowest: u32,
    /// The highest price that has a level, in hundredths.
    pub highest: u32,
}

/// A limit order book in memory of a fixed size.
#[derive(Clone, Debug)]
pub struct OrderBook {
    orders: Slab,
    slots: Index,
    bids: Ladder,
    asks: Ladder,
    /// Only what happened; what is in the book is filled in when asked for.
    so_far: Summary,
}

impl OrderBook {
    /// An empty book, with all memory that it will ever need.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        let Capacity { orders, lowest, highest } = capacity;
        Self {
            orders: Slab::with_capacity(orders),
            slots: Index::with_capacity(orders),
            bids: Ladder::new(Side::Bid, lowest, highest),
            asks: Ladder::new(Side::Ask, lowest, highest),
            so_far: Summary::default(),
        }
    }

    /// Reads a line of the feed and applies it: the hot path.
    ///
    /// # Errors
    /// If the line is not understood, does not fit the book, or is more than the book has room for.
    #[qadapt::allocate_panic]
    pub fn on_line<'a>(&mut self, line: &'a str) -> Result<(), Fault<'a>> {
        let event = Event::parse(line)?;
        match event.action {
            Action::Add => self.add(&event),
            Action::Cancel => self.take(&event).map(|()| self.so_far.cancels += 1),
            Action::Execute => self.take(&event).map(|()| self.so_far.trade(event.price, event.quantity)),
        }
    }

    /// What happened so far and what is in the book.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            best_bid: self.bids.best(),
            best_ask: self.asks.best(),
            orders: self.orders.len(),
            levels: self.bids.occupied() + self.asks.occupied(),
            ..self.so_far
        }
    }

    fn add(&mut self, event: &Event) -> Result<(), Fault<'static>> {
        let Event { order: number, side, price, quantity, .. } = *event;
        if self.slots.get(number).is_some() {
            return Err(Fault::Duplicate { order: number });
        }
        let place = self.ladder(side).place(price).ok_or(Fault::Outside { price })?;
        let slot = self
            .orders
            .insert(Order { number, side, price, quantity })
            .ok_or(Fault::Full { orders: self.orders.capacity() })?;
        self.slots.insert(number, slot);
        self.ladder(side).add(place, quantity);
        self.so_far.adds += 1;
        Ok(())
    }

    /// Takes shares from an order, and the order out of the book with its last share.
    fn take(&mut self, event: &Event) -> Result<(), Fault<'static>> {
        let Event { order: number, side, price, quantity, .. } = *event;
        let unknown = Fault::Unknown { order: number };
        let slot = self.slots.get(number).ok_or(unknown)?;
        let order = self.orders.get_mut(slot).ok_or(unknown)?;
        if (order.side, order.price) != (side, price) {
            return Err(Fault::Elsewhere { order: number });
        }
        let Some(left) = order.quantity.checked_sub(quantity) else {
            return Err(Fault::TooMuch { order: number, rests: order.quantity });
        };
        order.quantity = left;
        if left == 0 {
            self.orders.remove(slot);
            self.slots.remove(number);
        }
        let place = self.ladder(side).place(price).ok_or(Fault::Outside { price })?;
        self.ladder(side).take(place, quantity, left == 0);
        Ok(())
    }

    fn ladder(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::NaiveBook;

    const SMALL: Capacity = Capacity { orders: 2, lowest: 100, highest: 110 };

    fn book(lines: &[&'static str]) -> OrderBook {
        let mut book = OrderBook::new(SMALL);
        for line in lines {
            assert_eq!(book.on_line(line), Ok(()), "{line}");
        }
        book
    }

    #[test]
    fn the_best_price_moves_on_when_a_level_empties() {
        let mut book = book(&["1,add,1,bid,1.05,10", "2,add,2,bid,1.02,20"]);
        assert_eq!(book.summary().best_bid, Some((105, 10)));
        assert_eq!(book.on_line("3,execute,1,bid,1.05,10"), Ok(()));
        assert_eq!(book.summary().best_bid, Some((102, 20)));
        assert_eq!(book.on_line("4,cancel,2,bid,1.02,5"), Ok(()));
        let expected = Summary {
            adds: 2,
            cancels: 1,
            trades: 1,
            volume: 10,
            turnover: 1050,
            last: Some(105),
            best_bid: Some((102, 15)),
            best_ask: None,
            orders: 1,
            levels: 1,
        };
        assert_eq!(book.summary(), expected);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let table = [
            ("9,add,1,bid,1.05,10", "order 1 is in the book already"),
            ("9,add,3,bid,1.05,10", "room for 2 orders"),
            ("9,add,3,bid,1.11,10", "no level for the price 1.11"),
            ("9,add,3,bid,0.99,10", "no level for the price 0.99"),
            ("9,cancel,3,bid,1.05,10", "order 3 is not in the book"),
            ("9,cancel,1,ask,1.05,10", "order 1 rests on another side"),
            ("9,execute,1,bid,1.05,11", "order 1 has only 10 shares left"),
        ];
        let mut book = book(&["1,add,1,bid,1.05,10", "2,add,2,ask,1.06,20"]);
        let before = book.summary();
        for (line, expected) in table {
            let fault = book.on_line(line).expect_err(line).to_string();
            assert!(fault.contains(expected), "{line}: {fault}");
            assert_eq!(book.summary(), before, "{line}");
        }
    }

    #[test]
    fn the_naive_book_finds_the_same_faults() {
        let mut naive = NaiveBook::default();
        assert_eq!(naive.on_line("1,add,1,bid,1.05,10"), Ok(()));
        let table = [
            ("9,add,1,bid,1.05,10", Fault::Duplicate { order: 1 }),
            ("9,cancel,3,bid,1.05,10", Fault::Unknown { order: 3 }),
            ("9,cancel,1,ask,1.05,10", Fault::Elsewhere { order: 1 }),
            ("9,execute,1,bid,1.05,11", Fault::TooMuch { order: 1, rests: 10 }),
        ];
        for (line, fault) in table {
            assert_eq!(naive.on_line(line), Err(fault));
        }
    }
}
