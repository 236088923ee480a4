//! What happens when protected code touches the allocator.

use core::{fmt, str};

/// What a violation does.
///
/// Counting happens in every mode: [`violations`](crate::violations) goes up by one for each disallowed event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The request succeeds; the region panics when it has closed, with a report. A region that is left by another
    /// panic logs instead.
    #[default]
    Panic,
    /// A report goes to standard error at once, without allocating; then the process aborts.
    Abort,
    /// The request succeeds; the region logs a report when it has closed, the first time a stack is seen and then
    /// at the 10th, 100th, .. occurrence.
    Log,
    /// The request succeeds and is counted; nothing is printed.
    Count,
    /// A line goes to standard error and the thread raises `SIGTRAP` at the event itself: a debugger stops there;
    /// without one the process dies.
    Trap,
}

/// The word for each mode, as `QADAPT_MODE` and the attributes spell it.
const WORDS: [(&str, Mode); 5] = [
    ("panic", Mode::Panic),
    ("abort", Mode::Abort),
    ("log", Mode::Log),
    ("count", Mode::Count),
    ("trap", Mode::Trap),
];

impl Mode {
    /// The accepted words, for messages.
    pub(crate) const ACCEPTED: &'static str = "panic, abort, log, count, trap";

    /// The mode that a word stands for; never allocates.
    pub(crate) fn from_word(word: &[u8]) -> Option<Self> {
        WORDS.into_iter().find(|(name, _)| name.as_bytes() == word).map(|(_, mode)| mode)
    }

    /// True for the modes that speak at the event itself and so need the region's place there.
    pub(crate) const fn speaks_at_once(self) -> bool {
        matches!(self, Self::Abort | Self::Trap)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.into_iter().find(|(_, mode)| mode == self).map_or("", |(word, _)| word);
        f.pad(word)
    }
}

/// The error of parsing a [`Mode`] from a word that names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownMode;

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown mode: write one of {}", Mode::ACCEPTED)
    }
}

impl std::error::Error for UnknownMode {}

impl str::FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(word: &str) -> Result<Self, UnknownMode> {
        Self::from_word(word.as_bytes()).ok_or(UnknownMode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_read_as_it_is_printed() {
        for (word, mode) in WORDS {
            assert_eq!(word.parse(), Ok(mode));
            assert_eq!(mode.to_string(), word);
            assert!(Mode::ACCEPTED.split(", ").any(|accepted| accepted == word));
        }
        assert_eq!("Panic".parse::<Mode>(), Err(UnknownMode));
    }
}
