//! Numbers that look random: `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014; the
//! constants of its mix are David Stafford's "Mix13").

/// What its state grows by for each number: 2^64 over the golden ratio, so that multiples of it spread evenly.
pub(super) const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A state's number: each bit of the state changes about half of its bits.
pub(super) const fn mix(state: u64) -> u64 {
    let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
