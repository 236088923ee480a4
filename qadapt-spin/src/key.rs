//! The hash by which call stacks are told apart.

use core::num::NonZeroU64;

/// 2^64 divided by the golden ratio, made odd: the multiplier of Knuth's multiplicative hashing (The Art of
/// Computer Programming, volume 3, section 6.4).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A 64-bit hash of a call stack; two stacks with equal keys count as the same stack.
///
/// If keys were drawn at random, some two of `n` distinct stacks would share one with a probability of about
/// `n * n / 2^65`: 3 in 10^14 for the 1,024 stacks that a table of that size holds. Two stacks of the same length and
/// seed that differ in a single frame never share one (but for the one hash in 2^64 that would be 0 and becomes 1),
/// because each step of the hash is a bijection. The hash resists accidents, not an adversary who picks the addresses.
///
/// # Examples
///
/// ```
/// use qadapt_spin::Key;
///
/// assert_eq!(Key::of(0, &[1, 2]), Key::of(0, &[1, 2]));
/// assert_ne!(Key::of(0, &[1, 2]), Key::of(0, &[2, 1]));
/// assert_ne!(Key::of(0, &[1, 2]), Key::of(7, &[1, 2]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(NonZeroU64);

impl Key {
    /// Hashes the frames of a stack, all of them, together with a seed that keeps apart what shares a stack.
    ///
    /// The idea of one multiplication a word is `FxHash`'s; the shift after it, which brings the well-mixed high bits
    /// down before the next multiplication, and the last mix are those of `SplitMix64` (Steele, Lea and Flood, "Fast
    /// Splittable Pseudorandom Number Generators", 2014; its constants are David Stafford's "Mix13").
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::Key;
    ///
    /// const ALLOCATION: u64 = 0;
    /// const DEALLOCATION: u64 = 1;
    /// let frames = [0x5000_1000, 0x5000_2000];
    /// assert_ne!(Key::of(ALLOCATION, &frames), Key::of(DEALLOCATION, &frames));
    /// ```
    #[must_use]
    #[inline]
    pub fn of(seed: u64, frames: &[usize]) -> Self {
        let state = frames.iter().fold(fold(GOLDEN, seed), |state, &frame| fold(state, frame as u64));
        // 0 means "empty" in a table, so the one state in 2^64 that mixes to 0 shares the key 1.
        Self(NonZeroU64::new(mix(state)).unwrap_or(NonZeroU64::MIN))
    }

    /// The hash as a number.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU64;
    /// use qadapt_spin::Key;
    ///
    /// assert_eq!(Key::from(NonZeroU64::MIN).get(), NonZeroU64::MIN);
    /// ```
    #[must_use]
    #[inline]
    pub const fn get(self) -> NonZeroU64 {
        self.0
    }
}

/// Takes a hash that was computed elsewhere; its high bits should vary, since a table starts its search by them.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU64;
/// use qadapt_spin::Key;
///
/// let known = Key::of(0, &[1]).get();
/// assert_eq!(Key::from(known), Key::of(0, &[1]));
/// ```
impl From<NonZeroU64> for Key {
    #[inline]
    fn from(hash: NonZeroU64) -> Self {
        Self(hash)
    }
}

/// Takes one word into the state: a bijection of either argument while the other stays the same.
#[inline]
const fn fold(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(GOLDEN);
    product ^ (product >> 32)
}

/// Spreads each bit of the state over the whole key.
#[inline]
const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}
