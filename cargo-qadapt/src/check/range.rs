//! A figure of a baseline, or the least and the most of several runs, and how much more is the same.

use std::fmt;

/// A figure, or the least and the most of several runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The least; in hundredths if it is that of one entry.
    pub min: u64,
    /// The most, likewise.
    pub max: u64,
    /// True if it is that of one entry of the region, on average: where a harness chooses how often it enters.
    pub per_entry: bool,
}

/// How much a figure may be off and still count as the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// Percent of the figure that was settled.
    pub percent: u64,
    /// At least so much, in the figure's own unit.
    pub least: u64,
}

impl Range {
    /// Always the same.
    #[must_use]
    pub const fn exactly(figure: u64) -> Self {
        Self { min: figure, max: figure, per_entry: false }
    }

    /// A sum over so many entries, for one of them, rounded.
    #[must_use]
    pub fn of_entries(sum: u64, entries: u64) -> Self {
        let (sum, entries) = (u128::from(sum), u128::from(entries.max(1)));
        let figure = u64::try_from((sum * 100 + entries / 2) / entries).unwrap_or(u64::MAX);
        Self { min: figure, max: figure, per_entry: true }
    }

    /// The same, but where something happened never nothing.
    #[must_use]
    pub fn of_few(sum: u64, entries: u64) -> Self {
        let rounded = Self::of_entries(sum, entries);
        let figure = rounded.max.max(sum.min(1));
        Self { min: figure, max: figure, ..rounded }
    }

    /// True if it was not the same in each run.
    #[must_use]
    pub const fn varies(self) -> bool {
        self.min < self.max
    }

    /// Both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            per_entry: self.per_entry || other.per_entry,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_add(other.min),
            max: self.max.saturating_add(other.max),
            per_entry: self.per_entry || other.per_entry,
        }
    }

    /// True if it is more than was settled.
    #[must_use]
    pub fn is_more(self, before: Self, tolerance: Tolerance) -> bool {
        self.max > before.max.saturating_add(tolerance.room(before.max))
    }

    /// True if it is less than was settled.
    #[must_use]
    pub fn is_less(self, before: Self, tolerance: Tolerance) -> bool {
        self.min.saturating_add(tolerance.room(before.min)) < before.min
    }

    /// A limit in its unit.
    #[must_use]
    pub const fn limit(self, whole: u64) -> u64 {
        if self.per_entry { whole.saturating_mul(100) } else { whole }
    }

    /// The least and the most, as files have them.
    #[must_use]
    pub fn pair(self) -> String {
        format!("[{}, {}]", self.shown(self.min), self.shown(self.max))
    }

    /// A figure in its unit.
    fn shown(self, figure: u64) -> String {
        if self.per_entry { format!("{}.{:02}", figure / 100, figure % 100) } else { figure.to_string() }
    }

    /// True if it is one, as in "1 byte".
    #[must_use]
    pub const fn is_one(self) -> bool {
        let one = self.limit(1);
        self.min == one && self.max == one
    }
}

impl Tolerance {
    /// For a figure of one entry, which entries that are unlike the others make a little more or less: two hundredths of
    /// an event, or two percent.
    pub const OF_ENTRIES: Self = Self { percent: 2, least: 2 };

    /// The same for bytes: what is asked for once is spread over all entries.
    pub const BYTES_OF_ENTRIES: Self = Self { percent: 2, least: 1600 };

    /// The more generous one.
    #[must_use]
    pub fn or(self, percent: u64) -> Self {
        Self { percent: self.percent.max(percent), ..self }
    }

    fn room(self, figure: u64) -> u64 {
        let part = u128::from(figure) * u128::from(self.percent) / 100;
        u64::try_from(part).unwrap_or(u64::MAX).max(self.least)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.varies() {
            write!(f, "{} to {}", self.shown(self.min), self.shown(self.max))
        } else {
            f.write_str(&self.shown(self.max))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = Range::exactly(3).or(Range::exactly(5));
        assert_eq!((range.to_string().as_str(), Range::exactly(3).to_string().as_str()), ("3 to 5", "3"));
        assert!(range.varies() && !Range::exactly(3).varies());
        let exact = Tolerance::default();
        assert!(Range::exactly(6).is_more(range, exact) && !Range::exactly(5).is_more(range, exact));
        assert!(Range::exactly(2).is_less(range, exact) && !Range::exactly(3).is_less(range, exact));
    }

    #[test]
    fn a_harness_that_enters_more_often_does_no_more() {
        // Twice for each entry, and twenty times at first.
        let run = |entries: u64| Range::of_entries(2 * entries + 20, entries);
        assert_eq!(run(5237).to_string(), "2.00");
        for (before, now) in [(5237, 14_105), (14_105, 5237), (600, 700)] {
            assert!(!run(now).is_more(run(before), Tolerance::OF_ENTRIES), "{before} {now}");
            assert!(!run(now).is_less(run(before), Tolerance::OF_ENTRIES), "{before} {now}");
        }
        let more = Range::of_entries(3 * 5237, 5237);
        assert!(more.is_more(run(14_105), Tolerance::OF_ENTRIES));
        assert!(Range::of_entries(5237 / 20, 5237).is_more(Range::of_entries(0, 9), Tolerance::OF_ENTRIES));
        let seldom = Range::of_few(1, 1000);
        assert!(seldom.max > seldom.limit(0), "what happens is more than nothing may");
    }

    #[test]
    fn a_tolerance_is_in_percent() {
        let before = Range::exactly(1000);
        let two = Tolerance::default().or(2);
        assert!(!Range::exactly(1020).is_more(before, two) && Range::exactly(1021).is_more(before, two));
        assert!(!Range::exactly(980).is_less(before, two) && Range::exactly(979).is_less(before, two));
        assert!(Range::exactly(1).is_more(Range::exactly(0), two), "of nothing nothing is allowed");
    }
}
