//! The feed that the package ships, as it was made: the first minutes of a trading day in one share.
//!
//! The middle of the market wanders by a cent at a time. Orders arrive round it, most of them near; many are taken
//! back before anybody trades with them. A trade takes the oldest order at the best price, and where the middle reaches
//! that price, trades follow until the level is gone.

use core::fmt::Write;

use super::event::Side;
use super::header::HEADER;
use super::summary::Price;
use crate::random::Random;

/// Half past nine, in microseconds since midnight.
const OPENING: u64 = 34_200_000_000;

/// The middle of the market at the opening, in hundredths.
const OPENING_PRICE: u32 = 10_000;

/// The number that the first order gets; each later one's is a little higher.
const FIRST_ORDER: u64 = 700_000;

/// Fewer orders than these are not cancelled or traded.
const FEWEST: usize = 60;

/// With more orders than these none is added.
const MOST: usize = 400;

struct Order {
    number: u64,
    side: Side,
    price: u32,
    quantity: u32,
}

struct Market {
    random: Random,
    time: u64,
    middle: u32,
    last_order: u64,
    /// Oldest first.
    orders: Vec<Order>,
    feed: String,
}

/// A feed with so many events.
#[must_use]
pub fn market_day(events: usize) -> String {
    let mut market = Market {
        random: Random::new(0x0930),
        time: OPENING,
        middle: OPENING_PRICE,
        last_order: FIRST_ORDER,
        orders: Vec::new(),
        feed: format!("{HEADER}\n"),
    };
    for _ in 0..events {
        market.step();
    }
    market.feed
}

impl Market {
    fn step(&mut self) {
        // Bursts: half of the events follow the last one within 40 microseconds.
        let pause = if self.random.below(2) == 0 { 40 } else { 100_000 };
        self.time += u64::from(1 + self.random.below(pause));
        self.middle = match self.random.below(40) {
            0 => self.middle + 1,
            1 => self.middle - 1,
            _ => self.middle,
        };
        let chance = self.random.below(100);
        if self.orders.len() < FEWEST {
            self.add();
        } else if self.best(Side::Ask).is_some_and(|ask| ask <= self.middle) {
            self.execute(Side::Ask);
        } else if self.best(Side::Bid).is_some_and(|bid| bid >= self.middle) {
            self.execute(Side::Bid);
        } else if chance < 50 && self.orders.len() < MOST {
            self.add();
        } else if chance < 92 {
            self.cancel();
        } else {
            let side = self.side();
            self.execute(side);
        }
    }

    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 { Side::Bid } else { Side::Ask }
    }

    /// A new order near the middle that does not cross the other side.
    fn add(&mut self) {
        let side = self.side();
        let mut distance = 1;
        while distance < 40 && self.random.below(4) > 0 {
            distance += 1;
        }
        let price = match side {
            Side::Bid => (self.middle - distance).min(self.best(Side::Ask).map_or(u32::MAX, |ask| ask - 1)),
            Side::Ask => (self.middle + distance).max(self.best(Side::Bid).map_or(0, |bid| bid + 1)),
        };
        self.last_order += u64::from(1 + self.random.below(9));
        let order =
            Order { number: self.last_order, side, price, quantity: 100 * (1 + self.random.below(8)) };
        self.write("add", &order, order.quantity);
        self.orders.push(order);
    }

    /// Some order is taken back; one in five only in part.
    fn cancel(&mut self) {
        let at = self.random.bits() as usize % self.orders.len();
        let quantity = self.orders[at].quantity;
        let part = if self.random.below(5) == 0 { 1 + self.random.below(quantity) } else { quantity };
        self.take("cancel", at, part);
    }

    /// The oldest order at the best price is traded, in odd lots too.
    fn execute(&mut self, side: Side) {
        let Some(best) = self.best(side) else { return self.add() };
        let oldest = self.orders.iter().position(|order| order.side == side && order.price == best);
        let Some(at) = oldest else { return self.add() };
        let wanted = 10 * (1 + self.random.below(60));
        let quantity = wanted.min(self.orders[at].quantity);
        self.take("execute", at, quantity);
    }

    fn take(&mut self, event: &str, at: usize, quantity: u32) {
        let mut order = self.orders.remove(at);
        self.write(event, &order, quantity);
        order.quantity -= quantity;
        if order.quantity > 0 {
            self.orders.insert(at, order);
        }
    }

    fn best(&self, side: Side) -> Option<u32> {
        let prices = self.orders.iter().filter(|order| order.side == side).map(|order| order.price);
        match side {
            Side::Bid => prices.max(),
            Side::Ask => prices.min(),
        }
    }

    fn write(&mut self, event: &str, order: &Order, quantity: u32) {
        let Order { number, side, price, .. } = *order;
        let (time, price) = (self.time, Price(price));
        let side = match side {
            Side::Bid => "bid",
            Side::Ask => "ask",
        };
        writeln!(self.feed, "{time},{event},{number},{side},{price},{quantity}")
            .expect("a String takes whatever is written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{Capacity, NaiveBook, OrderBook, replay};

    #[test]
    fn the_shipped_feed_is_this_one() {
        let shipped = include_str!("../../data/market_day.csv");
        assert!(market_day(8000) == shipped, "data/README.md says how to write the file again");
    }

    #[test]
    fn both_books_agree_after_every_event() {
        let feed = market_day(500);
        let mut book = OrderBook::new(Capacity { orders: 256, lowest: 9_000, highest: 11_000 });
        let mut naive = NaiveBook::default();
        let result = replay(&feed, |line| {
            assert_eq!(book.on_line(line), naive.on_line(line));
            assert_eq!(book.summary(), naive.summary(), "{line}");
            Ok(())
        });
        assert_eq!(result, Ok(()));
    }
}
