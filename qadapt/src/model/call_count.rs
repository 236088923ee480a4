//! The part of counts that is about system calls.

use core::fmt;

/// How many system calls of a stretch of code may have waited, or why nobody knows. In eight bytes: a counted future holds one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallCount(u64);

/// In the table of a failed `assert_eq!` on counts.
impl fmt::Debug for CallCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(calls) => write!(f, "{calls}"),
            None if self.is_unmeasured() => f.write_str("unmeasured"),
            None => f.write_str("not asked for"),
        }
    }
}

impl CallCount {
    /// Of no stretch of code at all: a sum begins with it.
    pub(crate) const NOTHING: Self = Self(u64::MAX);
    /// Nobody has asked to count calls.
    pub(crate) const UNASKED: Self = Self(u64::MAX - 1);
    /// Somebody has, and they could not be watched, or not all the time.
    pub(crate) const UNMEASURED: Self = Self(u64::MAX - 2);

    pub(crate) fn of(counted: Option<u64>) -> Self {
        counted.map_or(Self::UNMEASURED, |calls| Self(calls.min(Self::UNMEASURED.0 - 1)))
    }

    /// The number; `None` where there is none.
    pub(crate) const fn get(self) -> Option<u64> {
        if self.0 < Self::UNMEASURED.0 { Some(self.0) } else { None }
    }

    pub(crate) fn is_unmeasured(self) -> bool {
        self == Self::UNMEASURED
    }

    /// True if both are the same number, or nobody has asked for either.
    pub(crate) fn agrees_with(self, other: Self) -> bool {
        match (self.get(), other.get()) {
            (Some(one), Some(other)) => one == other,
            (None, None) => !self.is_unmeasured() && !other.is_unmeasured(),
            _ => false,
        }
    }

    /// The count of two stretches of code. Where the calls of one were not counted, nobody knows the sum.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NOTHING, count) | (count, Self::NOTHING) => count,
            (Self::UNASKED, Self::UNASKED) => Self::UNASKED,
            (one, other) => {
                Self::of(one.get().zip(other.get()).map(|(one, other)| one.saturating_add(other)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [CallCount; 3] = [CallCount::NOTHING, CallCount::UNASKED, CallCount::UNMEASURED];

    fn some(calls: u64) -> CallCount {
        CallCount::of(Some(calls))
    }

    #[test]
    fn only_numbers_are_numbers() {
        assert_eq!(NONE.map(CallCount::get), [None; 3]);
        assert_eq!(some(7).get(), Some(7));
        assert_eq!(some(u64::MAX).get(), Some(u64::MAX - 3));
        assert_eq!(CallCount::of(None), CallCount::UNMEASURED);
    }

    #[test]
    fn a_message_has_no_marks() {
        let shown = [some(7), CallCount::UNASKED, CallCount::UNMEASURED].map(|count| format!("{count:?}"));
        assert_eq!(shown, ["7", "not asked for", "unmeasured"]);
    }

    #[test]
    fn what_was_asked_for_and_not_measured_agrees_with_nothing() {
        let all = [some(0), some(7), CallCount::NOTHING, CallCount::UNASKED, CallCount::UNMEASURED];
        for other in all {
            assert!(!CallCount::UNMEASURED.agrees_with(other) && !other.agrees_with(CallCount::UNMEASURED));
        }
        assert!(some(7).agrees_with(some(7)) && !some(7).agrees_with(some(0)));
        assert!(CallCount::NOTHING.agrees_with(CallCount::UNASKED));
        assert!(!some(0).agrees_with(CallCount::NOTHING) && !CallCount::UNASKED.agrees_with(some(0)));
    }

    #[test]
    fn a_sum_with_a_part_that_nobody_counted_is_unmeasured() {
        for count in [some(3), CallCount::UNASKED, CallCount::UNMEASURED, CallCount::NOTHING] {
            assert_eq!((CallCount::NOTHING.and(count), count.and(CallCount::NOTHING)), (count, count));
        }
        assert_eq!(some(3).and(some(4)), some(7));
        assert_eq!(CallCount::UNASKED.and(CallCount::UNASKED), CallCount::UNASKED);
        assert_eq!(some(3).and(CallCount::UNASKED), CallCount::UNMEASURED);
        assert_eq!(CallCount::UNMEASURED.and(some(3)), CallCount::UNMEASURED);
    }
}
