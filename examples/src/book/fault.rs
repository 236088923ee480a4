//! What can be wrong with a line of the feed.

use core::fmt;

use super::header::HEADER;
use super::summary::Price;

/// Why a line cannot be applied to the book. Making one never allocates; printing it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault<'a> {
    /// The line is too short.
    Missing {
        /// The first field that is not there.
        name: &'static str,
    },
    /// The line is too long.
    Extra {
        /// The first field too many.
        text: &'a str,
    },
    /// A field is not a number.
    Number {
        /// The field's name.
        name: &'static str,
        /// Its text.
        text: &'a str,
    },
    /// The event is none that is known.
    Action {
        /// The field's text.
        text: &'a str,
    },
    /// The side is neither.
    Side {
        /// The field's text.
        text: &'a str,
    },
    /// The price is not one.
    Price {
        /// The field's text.
        text: &'a str,
    },
    /// An order is added whose number the book has already.
    Duplicate {
        /// The order's number.
        order: u64,
    },
    /// The book has no order with this number.
    Unknown {
        /// The order's number.
        order: u64,
    },
    /// The order rests on another side or at another price than the line says.
    Elsewhere {
        /// The order's number.
        order: u64,
    },
    /// More is cancelled or traded than the order has.
    TooMuch {
        /// The order's number.
        order: u64,
        /// The shares that it has.
        rests: u32,
    },
    /// The book has no room for another order.
    Full {
        /// The orders that it has room for.
        orders: usize,
    },
    /// The book has no level for this price.
    Outside {
        /// The price, in hundredths.
        price: u32,
    },
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Missing { name } => write!(f, "there is no {name}; a line has {HEADER}"),
            Self::Extra { text } => write!(f, "{text:?} is one field too many"),
            Self::Number { name: "quantity", text } => {
                write!(f, "quantity {text:?} is not a whole number above 0")
            }
            Self::Number { name, text } => write!(f, "{name} {text:?} is not a whole number"),
            Self::Action { text } => write!(f, "event {text:?} is not add, cancel or execute"),
            Self::Side { text } => write!(f, "side {text:?} is not bid or ask"),
            Self::Price { text } => write!(f, "price {text:?} is not a number with two decimals"),
            Self::Duplicate { order } => write!(f, "order {order} is in the book already"),
            Self::Unknown { order } => write!(f, "order {order} is not in the book"),
            Self::Elsewhere { order } => {
                write!(f, "order {order} rests on another side or at another price")
            }
            Self::TooMuch { order, rests } => write!(f, "order {order} has only {rests} shares left"),
            Self::Full { orders } => write!(f, "the book has room for {orders} orders and is full"),
            Self::Outside { price } => {
                write!(f, "the book has no level for the price {}", Price(price))
            }
        }
    }
}

impl std::error::Error for Fault<'_> {}
