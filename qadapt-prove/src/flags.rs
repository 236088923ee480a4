//! What the flags of the processor can say after a comparison of which the operands are known in part.

use super::number::{Few, low_bits};
use super::step::{Cond, Reg};

/// More pairs than that are not compared one by one.
const MOST_PAIRS: u32 = 256;

/// Which conditions may hold, and which may not hold; one bit for each [`Cond`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    may: u16,
    may_not: u16,
}

/// The last comparison of a register with a constant: of the low `bits` of it what `mask` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) reg: Reg,
    pub(super) bits: u8,
    pub(super) mask: u64,
    pub(super) with: u64,
}

/// Conditions that look at the carry.
const CARRY: u16 =
    1 << Cond::Above as u16 | 1 << Cond::AboveEq as u16 | 1 << Cond::Below as u16 | 1 << Cond::BelowEq as u16;

/// Conditions that say which of two numbers without a sign is greater, or that they are equal.
const UNSIGNED: u16 = CARRY | 1 << Cond::Equal as u16 | 1 << Cond::NotEqual as u16;

/// The same of numbers with a sign.
const SIGNED: u16 = 1 << Cond::Less as u16
    | 1 << Cond::LessEq as u16
    | 1 << Cond::Greater as u16
    | 1 << Cond::GreaterEq as u16;

/// Whether a condition holds after `left` has been compared with `right` at this width; none if that is not followed.
pub(crate) fn holds(cond: Cond, left: u64, right: u64, bits: u8) -> Option<bool> {
    let (left, right) = (left & low_bits(bits), right & low_bits(bits));
    let signed = |number: u64| (number << (64 - bits)).cast_signed();
    Some(match cond {
        Cond::Above => left > right,
        Cond::AboveEq => left >= right,
        Cond::Below => left < right,
        Cond::BelowEq => left <= right,
        Cond::Equal => left == right,
        Cond::NotEqual => left != right,
        Cond::Less => signed(left) < signed(right),
        Cond::LessEq => signed(left) <= signed(right),
        Cond::Greater => signed(left) > signed(right),
        Cond::GreaterEq => signed(left) >= signed(right),
        Cond::Negative => signed(left.wrapping_sub(right)) < 0,
        Cond::NotNegative => signed(left.wrapping_sub(right)) >= 0,
        Cond::Other => return None,
    })
}

impl Flags {
    /// After a comparison of one of these numbers with one of those; none if that says nothing.
    pub(crate) fn of(left: Few, right: Few) -> Option<Self> {
        if left.count().saturating_mul(right.count()) > MOST_PAIRS {
            return None;
        }
        let bits = left.bits().min(right.bits());
        let mut flags = Self { may: 0, may_not: 0 };
        for (left, right) in left.iter().flat_map(|left| right.iter().map(move |right| (left, right))) {
            flags.add(left, right, bits);
        }
        Some(flags)
    }

    /// After a comparison of a number from 0 to `max` with this one.
    pub(crate) fn up_to(max: u64, right: u64, bits: u8) -> Self {
        let right = right & low_bits(bits);
        let mut flags = Self { may: 0, may_not: 0 };
        // Each condition changes where the numbers are equal, and nowhere else, but for the sign.
        let near = [0, max, right.wrapping_sub(1), right, right.saturating_add(1)];
        for left in near.into_iter().filter(|&left| left <= max) {
            flags.add(left, right, bits);
        }
        let has_signs = max > low_bits(bits) >> 1;
        let open = if has_signs { !UNSIGNED } else { !(UNSIGNED | SIGNED) };
        Self { may: flags.may | open, may_not: flags.may_not | open }
    }

    /// The same, but for the carry, which may be what an earlier instruction left.
    pub(crate) fn with_any_carry(self) -> Self {
        Self { may: self.may | CARRY, may_not: self.may_not | CARRY }
    }

    /// What may be after either of two comparisons.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { may: self.may | other.may, may_not: self.may_not | other.may_not }
    }

    /// Whether a condition may hold, or may not hold if `holds` is false.
    pub(crate) fn may(self, cond: Cond, holds: bool) -> bool {
        let all = if holds { self.may } else { self.may_not };
        all & (1 << cond as u16) != 0
    }

    fn add(&mut self, left: u64, right: u64, bits: u8) {
        for cond in Cond::ALL {
            let bit = 1 << cond as u16;
            match holds(cond, left, right, bits) {
                Some(true) => self.may |= bit,
                Some(false) => self.may_not |= bit,
                None => {
                    self.may |= bit;
                    self.may_not |= bit;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the processor computes.
    fn by_flags(cond: Cond, left: u8, right: u8) -> bool {
        let (result, carry) = left.overflowing_sub(right);
        let overflow = left.cast_signed().overflowing_sub(right.cast_signed()).1;
        let (zero, sign) = (result == 0, result >= 0x80);
        match cond {
            Cond::Above => !carry && !zero,
            Cond::AboveEq => !carry,
            Cond::Below => carry,
            Cond::BelowEq => carry || zero,
            Cond::Equal => zero,
            Cond::NotEqual => !zero,
            Cond::Less => sign != overflow,
            Cond::LessEq => zero || sign != overflow,
            Cond::Greater => !zero && sign == overflow,
            Cond::GreaterEq => sign == overflow,
            Cond::Negative => sign,
            Cond::NotNegative => !sign,
            Cond::Other => overflow,
        }
    }

    #[test]
    fn conditions_are_those_of_the_processor() {
        for (left, right) in (0..=255u8).flat_map(|left| (0..=255u8).map(move |right| (left, right))) {
            for cond in Cond::ALL.into_iter().filter(|&cond| cond != Cond::Other) {
                let upper = u64::from(left) | 0x7700;
                let told = holds(cond, upper, u64::from(right), 8);
                assert_eq!(told, Some(by_flags(cond, left, right)), "{cond:?} {left} {right}");
            }
        }
        assert_eq!(holds(Cond::Less, 1 << 63, 0, 64), Some(true));
        assert_eq!(holds(Cond::Other, 1, 2, 64), None);
    }

    #[test]
    fn what_any_number_of_a_range_brings_about_may_be() {
        for (max, right) in (0..=255u8).step_by(5).flat_map(|max| (0..=255u8).map(move |right| (max, right)))
        {
            let told = Flags::up_to(u64::from(max), u64::from(right), 8);
            for cond in Cond::ALL {
                for holds in [true, false] {
                    let can = (0..=max).any(|left| by_flags(cond, left, right) == holds);
                    assert!(told.may(cond, holds) || !can, "{cond:?} {holds} 0..={max} {right}");
                }
            }
        }
        let told = Flags::up_to(4, 5, 32);
        assert!(!told.may(Cond::AboveEq, true) && told.may(Cond::Below, true));
        assert!(!told.may(Cond::Greater, true) && !told.may(Cond::Equal, true));
        assert!(told.may(Cond::Negative, true) && told.may(Cond::Negative, false), "not followed");
    }

    #[test]
    fn what_any_of_a_few_brings_about_may_be() {
        let few = |numbers: &[u64]| Few::of(32, numbers.iter().copied()).expect("they lie close together");
        let told = Flags::of(few(&[1, 3]), few(&[2])).expect("few pairs");
        assert!(!told.may(Cond::Equal, true), "it lies between");
        assert!(told.may(Cond::Less, true) && told.may(Cond::Less, false));
        let both = told.or(Flags::of(few(&[2]), few(&[2])).expect("one pair"));
        assert!(both.may(Cond::Equal, true) && both.may(Cond::Equal, false));
    }
}
