//! Counts of stretches of code that came one after the other.

use core::iter::Sum;
use core::ops::{Add, AddAssign};

use super::Counts;

/// The counts of two stretches of code, the other one after this one.
impl Add for Counts {
    type Output = Self;

    fn add(self, next: Self) -> Self {
        Self {
            tally: self.tally.zip(next.tally).map(|(first, next)| first.followed_by(next)),
            blocking: self.blocking.and(next.blocking),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, next: Self) {
        *self = *self + next;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

impl<'a> Sum<&'a Self> for Counts {
    fn sum<I: Iterator<Item = &'a Self>>(counts: I) -> Self {
        counts.copied().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::counts::tests::some;
    use crate::model::tally::Tally;

    #[test]
    fn a_sum_is_of_what_came_one_after_the_other() {
        let some = some();
        let kept = Counts::measured(Tally {
            allocs: 1,
            bytes: 50,
            peak_bytes: 50,
            peak_blocks: 1,
            ..Tally::NOTHING
        });
        assert_eq!((kept + some).peak_bytes(), 56);
        assert_eq!((some + kept).peak_bytes(), 30);
        assert_eq!((some + kept).peak_blocks(), 3);
        assert_eq!((kept + kept).net_blocks(), 2);
        let all = [some, kept, some];
        let sum: Counts = all.iter().sum();
        assert_eq!(sum, all.into_iter().sum());
        assert_eq!((sum.allocs().get(), sum.net_bytes().get()), (Some(5), Some(10)));
        let mut more = sum;
        more += Counts::UNMEASURED;
        assert!(!more.is_measured());
        assert_eq!(Vec::<Counts>::new().into_iter().sum::<Counts>().events(), 0);
    }
}
