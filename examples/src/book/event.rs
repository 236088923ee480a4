//! One line of the feed.

use super::fault::Fault;

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It enters the book.
    Add,
    /// All or part of it is taken back.
    Cancel,
    /// All or part of it is traded.
    Execute,
}

/// Which side of the book an order rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It buys.
    Bid,
    /// It sells.
    Ask,
}

/// A line of the feed: something happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Microseconds since midnight.
    pub time: u64,
    /// What happens.
    pub action: Action,
    /// The order's number.
    pub order: u64,
    /// The order's side.
    pub side: Side,
    /// The order's price, in hundredths.
    pub price: u32,
    /// Shares that are added, cancelled or traded.
    pub quantity: u32,
}

impl Event {
    /// Reads a line such as `34200000123,add,1001,bid,99.98,300`; never allocates.
    ///
    /// # Errors
    /// If a field is missing, not understood, or one too many.
    pub fn parse(line: &str) -> Result<Self, Fault<'_>> {
        Self::from_fields(line.split(','))
    }

    /// Reads the fields of a line; never allocates.
    ///
    /// # Errors
    /// If a field is missing, not understood, or one too many.
    pub fn from_fields<'a>(mut fields: impl Iterator<Item = &'a str>) -> Result<Self, Fault<'a>> {
        let mut next = |name| fields.next().ok_or(Fault::Missing { name });
        let event = Self {
            time: number("time", next("time")?)?,
            action: action(next("event")?)?,
            order: number("order", next("order")?)?,
            side: side(next("side")?)?,
            price: price(next("price")?)?,
            quantity: quantity(next("quantity")?)?,
        };
        fields.next().map_or(Ok(event), |text| Err(Fault::Extra { text }))
    }
}

fn number<'a>(name: &'static str, text: &'a str) -> Result<u64, Fault<'a>> {
    text.parse().map_err(|_| Fault::Number { name, text })
}

fn action(text: &str) -> Result<Action, Fault<'_>> {
    match text {
        "add" => Ok(Action::Add),
        "cancel" => Ok(Action::Cancel),
        "execute" => Ok(Action::Execute),
        _ => Err(Fault::Action { text }),
    }
}

fn side(text: &str) -> Result<Side, Fault<'_>> {
    match text {
        "bid" => Ok(Side::Bid),
        "ask" => Ok(Side::Ask),
        _ => Err(Fault::Side { text }),
    }
}

/// A price has two decimals.
fn price(text: &str) -> Result<u32, Fault<'_>> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let hundredths = text
        .split_once('.')
        .filter(|(whole, cents)| cents.len() == 2 && digits(whole) && digits(cents))
        .and_then(|(whole, cents)| {
            whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(cents.parse::<u32>().ok()?)
        });
    hundredths.ok_or(Fault::Price { text })
}

fn quantity(text: &str) -> Result<u32, Fault<'_>> {
    text.parse().ok().filter(|&quantity| quantity > 0).ok_or(Fault::Number { name: "quantity", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let expected = Event {
            time: 34_200_000_123,
            action: Action::Cancel,
            order: 1001,
            side: Side::Ask,
            price: 9_998,
            quantity: 300,
        };
        assert_eq!(Event::parse("34200000123,cancel,1001,ask,99.98,300"), Ok(expected));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let table = [
            ("", r#"time "" is not a whole number"#),
            ("1,add,7,bid,1.00", "there is no quantity"),
            ("1,add,7,bid,1.00,5,6", r#""6" is one field too many"#),
            ("1,modify,7,bid,1.00,5", r#"event "modify" is not add, cancel or execute"#),
            ("1,add,-7,bid,1.00,5", r#"order "-7" is not a whole number"#),
            ("1,add,7,buy,1.00,5", r#"side "buy" is not bid or ask"#),
            ("1,add,7,bid,1.005,5", r#"price "1.005" is not a number with two decimals"#),
            ("1,add,7,bid,+1.00,5", r#"price "+1.00" is not a number with two decimals"#),
            ("1,add,7,bid,99999999.00,5", r#"price "99999999.00" is not a number with two decimals"#),
            ("1,add,7,bid,1.00,0", r#"quantity "0" is not a whole number above 0"#),
        ];
        for (line, expected) in table {
            let fault = Event::parse(line).expect_err(line).to_string();
            assert!(fault.contains(expected), "{line}: {fault}");
        }
    }
}
