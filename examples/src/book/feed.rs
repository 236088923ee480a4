//! A whole feed: a header, and an event a line.

use core::fmt;

use super::fault::Fault;
use super::header::HEADER;

/// A line of the feed that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedError<'a> {
    /// The line's number, counted from 1.
    pub line: usize,
    /// What is wrong with it; `None` for a header that is none.
    pub fault: Option<Fault<'a>>,
}

impl fmt::Display for FeedError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Some(fault) => write!(f, "line {}: {fault}", self.line),
            None => write!(f, "line {}: the header is not {HEADER}", self.line),
        }
    }
}

impl std::error::Error for FeedError<'_> {}

/// Hands each line below the header to `apply`; never allocates itself.
///
/// # Errors
/// The first line that cannot be applied, by its number.
pub fn replay<'a>(
    text: &'a str,
    mut apply: impl FnMut(&'a str) -> Result<(), Fault<'a>>,
) -> Result<(), FeedError<'a>> {
    let mut lines = (1..).zip(text.lines());
    if lines.next().is_none_or(|(_, header)| header != HEADER) {
        return Err(FeedError { line: 1, fault: None });
    }
    for (line, event) in lines {
        apply(event).map_err(|fault| FeedError { line, fault: Some(fault) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_by_its_line() {
        let text = format!("{HEADER}\ngood\nbad\n");
        let result =
            replay(&text, |line| if line == "bad" { Err(Fault::Side { text: line }) } else { Ok(()) });
        let error = result.expect_err("the third line is bad");
        assert_eq!(error.to_string(), r#"line 3: side "bad" is not bid or ask"#);
    }

    #[test]
    fn a_feed_starts_with_its_header() {
        for text in ["", "1,add,7,bid,1.00,5\n"] {
            let error = replay(text, |_| Ok(())).expect_err(text);
            assert!(error.to_string().starts_with("line 1: the header is not time,"), "{error}");
        }
    }
}
