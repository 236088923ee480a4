//! What happens when protected code touches the allocator.

use core::{fmt, str};

/// What a violation does.
///
/// Counting happens in every mode: [`violations`](crate::violations) goes up by one for each disallowed event.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Mode, Policy};
/// use std::hint::black_box;
///
/// assert_eq!("count".parse(), Ok(Mode::Count));
/// let boxed = Policy::new().mode(Mode::Count).run(|| black_box(Box::new(1))); // no panic, no report
/// assert_eq!(qadapt::violations(), u64::from(qadapt::is_active()));
/// # drop(boxed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The request succeeds; the region panics when it has closed, with a report. A region that is left by another
    /// panic logs instead.
    #[default]
    Panic,
    /// A request for memory gets none: `try_reserve` gives `Err`, and infallible calls end in
    /// [`handle_alloc_error`](std::alloc::handle_alloc_error), which ends the process. The first refusal at each call
    /// stack writes one line to standard error at once, without allocating; the region logs a report when it has
    /// closed. Deallocations happen, and nothing is refused while the thread panics.
    Fail,
    /// A report goes to standard error at once, without allocating: a line, and below it one for each address of the
    /// stack. Then the process aborts.
    Abort,
    /// The request succeeds; the region logs a report when it has closed, the first time a stack is seen and then
    /// at the 10th, 100th, .. occurrence.
    Log,
    /// The request succeeds and is counted; nothing is printed.
    Count,
    /// The same report goes to standard error and the thread raises `SIGTRAP` at the event itself: a debugger stops
    /// there; without one the process dies.
    Trap,
}

/// The word for each mode, as `QADAPT_MODE` and the attributes spell it.
const WORDS: [(&str, Mode); 6] = [
    ("panic", Mode::Panic),
    ("abort", Mode::Abort),
    ("log", Mode::Log),
    ("count", Mode::Count),
    ("fail", Mode::Fail),
    ("trap", Mode::Trap),
];

impl Mode {
    /// The accepted words, for messages.
    pub(crate) const ACCEPTED: &'static str = "panic, abort, log, count, fail, trap";

    /// The mode that a word stands for; never allocates.
    pub(crate) fn from_word(word: &[u8]) -> Option<Self> {
        WORDS.into_iter().find(|(name, _)| name.as_bytes() == word).map(|(_, mode)| mode)
    }

    /// The word that stands for it.
    pub(crate) fn word(self) -> &'static str {
        WORDS.into_iter().find(|&(_, mode)| mode == self).map_or("", |(word, _)| word)
    }

    /// Every mode, from the mildest to the most severe: of the modes open on a thread the most severe acts.
    pub(crate) const BY_SEVERITY: [Self; 6] =
        [Self::Count, Self::Log, Self::Panic, Self::Fail, Self::Abort, Self::Trap];

    /// The mode's place in [`Mode::BY_SEVERITY`].
    pub(crate) const fn severity(self) -> u8 {
        match self {
            Self::Count => 0,
            Self::Log => 1,
            Self::Panic => 2,
            Self::Fail => 3,
            Self::Abort => 4,
            Self::Trap => 5,
        }
    }

    /// The mode of which [`severity`](Self::severity) gave this.
    pub(crate) fn of_severity(severity: u8) -> Self {
        Self::BY_SEVERITY.get(usize::from(severity)).copied().unwrap_or_default()
    }

    pub(crate) const fn more_severe(self, other: Self) -> Self {
        if other.severity() > self.severity() { other } else { self }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The error of parsing a [`Mode`] from a word that names none.
///
/// # Examples
/// ```
/// use qadapt::{Mode, UnknownMode};
///
/// let error: UnknownMode = "quiet".parse::<Mode>().expect_err("no mode has this name");
/// assert_eq!(error.to_string(), "unknown mode: write one of panic, abort, log, count, fail, trap");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownMode;

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown mode: write one of {}", Mode::ACCEPTED)
    }
}

impl core::error::Error for UnknownMode {}

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
        for (severity, mode) in (0..).zip(Mode::BY_SEVERITY) {
            assert_eq!(mode.severity(), severity);
        }
        assert_eq!("Panic".parse::<Mode>(), Err(UnknownMode));
    }
}
