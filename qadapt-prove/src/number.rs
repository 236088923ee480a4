//! A few numbers, of which a register holds one: the values of an enumeration, say.

/// The low `bits` of a register are one of these numbers, which lie within 64 of each other.
///
/// Packed, so that a `Value` takes three words, not four: states, of which each block has one, are full of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed)]
pub(crate) struct Few {
    bits: u8,
    /// One of them.
    base: u64,
    /// Those that are as far above `base` as the number of a set bit, going round at the width. Bit 0 is set.
    set: u64,
}

/// A number of this width with all bits set.
pub(crate) fn low_bits(bits: u8) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

impl Few {
    /// The set of these numbers, cut to a width; none if there are none, or if they lie too far apart.
    pub(crate) fn of(bits: u8, numbers: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mask = low_bits(bits);
        let mut numbers = numbers.into_iter();
        let mut few = Self { bits, base: numbers.next()? & mask, set: 1 };
        for number in numbers {
            let above = number.wrapping_sub(few.base) & mask;
            let below = few.base.wrapping_sub(number) & mask;
            if above < 64 {
                few.set |= 1 << above;
            } else if below < 64 && few.set.leading_zeros() >= u32::try_from(below).ok()? {
                few.set = few.set << below | 1;
                few.base = number & mask;
            } else {
                return None;
            }
        }
        Some(few)
    }

    /// How many low bits it speaks of; 64 for a whole register.
    pub(crate) fn bits(self) -> u8 {
        self.bits
    }

    /// How many numbers there are.
    pub(crate) fn count(self) -> u32 {
        self.set.count_ones()
    }

    /// The number, if there is one.
    pub(crate) fn only(self) -> Option<u64> {
        (self.set == 1).then_some(self.base)
    }

    /// The numbers.
    pub(crate) fn iter(self) -> impl Iterator<Item = u64> {
        let numbers = (0..64u64).filter(move |bit| self.set & (1 << bit) != 0);
        numbers.map(move |bit| self.base.wrapping_add(bit) & low_bits(self.bits))
    }

    /// What the low `bits` of them are, of which no more may be asked than it speaks of.
    pub(crate) fn cut(self, bits: u8) -> Option<Self> {
        if bits > self.bits { None } else { Self::of(bits, self.iter()) }
    }

    /// The numbers of both, as far as both speak.
    pub(crate) fn or(self, other: Self) -> Option<Self> {
        Self::of(self.bits.min(other.bits), self.iter().chain(other.iter()))
    }

    /// Those of them that are meant; none if there is none.
    pub(crate) fn that(self, is_meant: impl Fn(u64) -> bool) -> Option<Self> {
        Self::of(self.bits, self.iter().filter(|&number| is_meant(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(few: Option<Few>) -> Option<Vec<u64>> {
        few.map(|few| {
            let mut all: Vec<u64> = few.iter().collect();
            all.sort_unstable();
            all
        })
    }

    #[test]
    fn numbers_that_lie_close_together_are_kept() {
        let niche = 1u64 << 63;
        for (bits, numbers, kept) in [
            (64, vec![3, 1, 2], Some(vec![1, 2, 3])),
            (64, vec![niche + 2, niche], Some(vec![niche, niche + 2])),
            (64, vec![0, u64::MAX], Some(vec![0, u64::MAX])),
            (8, vec![0x101, 0x1ff], Some(vec![1, 0xff])),
            (64, vec![0, 63], Some(vec![0, 63])),
            (64, vec![0, 64], None),
            (64, vec![63, 0, 64], None),
            (64, vec![0, niche], None),
            (64, vec![], None),
        ] {
            assert_eq!(all(Few::of(bits, numbers.iter().copied())), kept, "{bits} {numbers:x?}");
        }
    }

    #[test]
    fn cutting_joining_and_choosing_keep_to_what_is_known() {
        let few =
            |bits, numbers: &[u64]| Few::of(bits, numbers.iter().copied()).expect("they lie close together");
        assert_eq!(all(few(32, &[0x1fe, 0x203]).cut(8)), Some(vec![3, 0xfe]), "what lies above is cut off");
        assert_eq!(few(8, &[1]).cut(32), None, "the upper bits may be anything");
        let both = few(8, &[1]).or(few(64, &[0x203])).expect("they lie close together");
        assert_eq!((both.bits(), all(Some(both))), (8, Some(vec![1, 3])));
        assert_eq!(all(few(64, &[1, 2, 3]).that(|n| n > 1)), Some(vec![2, 3]));
        assert_eq!(few(64, &[1, 2, 3]).that(|n| n > 3), None);
        assert_eq!((few(64, &[7]).only(), few(64, &[7, 8]).only()), (Some(7), None));
    }
}
