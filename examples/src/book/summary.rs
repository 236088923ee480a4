//! What a book says of itself.

use core::fmt;

/// A price in hundredths, printed with its two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u32);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// What happened to a book, and what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Orders that were added.
    pub adds: u64,
    /// Cancellations, whole and in part.
    pub cancels: u64,
    /// Executions.
    pub trades: u64,
    /// Shares that were traded.
    pub volume: u64,
    /// Price times shares of all trades, in hundredths.
    pub turnover: u64,
    /// The last trade's price, in hundredths.
    pub last: Option<u32>,
    /// The highest price that somebody pays, in hundredths, and the shares wanted at it.
    pub best_bid: Option<(u32, u64)>,
    /// The lowest price that somebody asks, in hundredths, and the shares offered at it.
    pub best_ask: Option<(u32, u64)>,
    /// Orders in the book.
    pub orders: usize,
    /// Prices with orders, both sides together.
    pub levels: usize,
}

impl Summary {
    /// Counts a trade.
    pub(super) fn trade(&mut self, price: u32, quantity: u32) {
        self.trades += 1;
        self.volume += u64::from(quantity);
        self.turnover += u64::from(price) * u64::from(quantity);
        self.last = Some(price);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { adds, cancels, trades, volume, turnover, orders, levels, .. } = self;
        writeln!(
            f,
            "events      {}: {adds} adds, {cancels} cancels, {trades} trades",
            adds + cancels + trades
        )?;
        writeln!(f, "traded      {volume} shares for {}.{:02}", turnover / 100, turnover % 100)?;
        if let Some(last) = self.last {
            writeln!(f, "last trade  {}", Price(last))?;
        }
        for (name, best) in [("best bid", self.best_bid), ("best ask", self.best_ask)] {
            match best {
                Some((price, quantity)) => writeln!(f, "{name}    {} for {quantity} shares", Price(price))?,
                None => writeln!(f, "{name}    none")?,
            }
        }
        writeln!(f, "resting     {orders} orders at {levels} prices")
    }
}
