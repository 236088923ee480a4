//! A small random generator, the same on every machine: what the shipped data files were made with.

/// A stream of pseudo-random numbers that depends on its seed alone.
///
/// The state steps by an odd constant, and two multiply-and-shift rounds mix it (the scheme of Steele, Lea and
/// Flood's `SplitMix`). It is good enough for data and for nothing secret.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 32 bits.
    pub const fn bits(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }

    /// A number from 0 up to, not including, `end`.
    ///
    /// # Panics
    /// If `end` is 0.
    pub const fn below(&mut self, end: u32) -> u32 {
        self.bits() % end
    }

    /// A sample from -1 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32's mantissa")]
    pub const fn sample(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_stream_depends_on_the_seed_alone() {
        let first: Vec<u32> = (0..8).scan(Random::new(1), |random, _| Some(random.bits())).collect();
        let again: Vec<u32> = (0..8).scan(Random::new(1), |random, _| Some(random.bits())).collect();
        let other: Vec<u32> = (0..8).scan(Random::new(2), |random, _| Some(random.bits())).collect();
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn samples_are_spread_over_their_range() {
        let mut random = Random::new(3);
        let samples: Vec<f32> = (0..10_000).map(|_| random.sample()).collect();
        assert!(samples.iter().all(|sample| (-1.0..1.0).contains(sample)));
        let mean = samples.iter().sum::<f32>() / 10_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!(samples.iter().any(|&sample| sample < -0.99) && samples.iter().any(|&sample| sample > 0.99));
    }
}
