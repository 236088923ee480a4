//! The same book as one would write it without a thought for the allocator.

use std::collections::{BTreeMap, HashMap};

use super::event::{Action, Event, Side};
use super::fault::Fault;
use super::summary::Summary;

/// Where an order rests.
#[derive(Clone, Debug)]
struct Resting {
    side: Side,
    price: u32,
}

/// The orders at each price, by their number as the feed writes it, with the shares left.
type Levels = BTreeMap<u32, Vec<(String, u32)>>;

/// A limit order book in memory that comes and goes with each order.
#[derive(Clone, Debug, Default)]
pub struct NaiveBook {
    orders: HashMap<String, Resting>,
    bids: Levels,
    asks: Levels,
    so_far: Summary,
}

impl NaiveBook {
    /// Reads a line of the feed and applies it.
    ///
    /// # Errors
    /// If the line is not understood or does not fit the book.
    pub fn on_line<'a>(&mut self, line: &'a str) -> Result<(), Fault<'a>> {
        let fields: Vec<&str> = line.split(',').collect();
        let event = Event::from_fields(fields.iter().copied())?;
        let number = event.order.to_string();
        match event.action {
            Action::Add => self.add(number, &event)?,
            Action::Cancel => {
                self.take(&number, &event)?;
                self.so_far.cancels += 1;
            }
            Action::Execute => {
                self.take(&number, &event)?;
                self.so_far.trade(event.price, event.quantity);
            }
        }
        Ok(())
    }

    /// What happened so far and what is in the book.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let shares = |level: &[(String, u32)]| level.iter().map(|(_, shares)| u64::from(*shares)).sum();
        Summary {
            best_bid: self.bids.last_key_value().map(|(&price, level)| (price, shares(level))),
            best_ask: self.asks.first_key_value().map(|(&price, level)| (price, shares(level))),
            orders: self.orders.len(),
            levels: self.bids.len() + self.asks.len(),
            ..self.so_far
        }
    }

    fn add(&mut self, number: String, event: &Event) -> Result<(), Fault<'static>> {
        let Event { side, price, quantity, .. } = *event;
        if self.orders.contains_key(&number) {
            return Err(Fault::Duplicate { order: event.order });
        }
        self.levels(side).entry(price).or_default().push((number.clone(), quantity));
        self.orders.insert(number, Resting { side, price });
        self.so_far.adds += 1;
        Ok(())
    }

    fn take(&mut self, number: &str, event: &Event) -> Result<(), Fault<'static>> {
        let Event { order, side, price, quantity, .. } = *event;
        let resting = self.orders.get(number).ok_or(Fault::Unknown { order })?;
        if (resting.side, resting.price) != (side, price) {
            return Err(Fault::Elsewhere { order });
        }
        let levels = self.levels(side);
        let level = levels.get_mut(&price).ok_or(Fault::Unknown { order })?;
        let at = level.iter().position(|(other, _)| other == number).ok_or(Fault::Unknown { order })?;
        let rests = level[at].1;
        level[at].1 = rests.checked_sub(quantity).ok_or(Fault::TooMuch { order, rests })?;
        if rests == quantity {
            level.remove(at);
            if level.is_empty() {
                levels.remove(&price);
            }
            self.orders.remove(number);
        }
        Ok(())
    }

    fn levels(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}
