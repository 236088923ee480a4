//! A limiter: keeps samples below a ceiling.

/// Share of the gain that is won back with each sample.
const RELEASE: f32 = 0.0005;

/// Turns the gain down at once where a sample would pass the ceiling, and up again slowly.
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: f32,
    gain: f32,
}

impl Limiter {
    /// A limiter that lets no sample's absolute value pass `ceiling`.
    #[must_use]
    pub const fn new(ceiling: f32) -> Self {
        Self { ceiling, gain: 1.0 }
    }

    /// The limited sample.
    pub fn limit(&mut self, sample: f32) -> f32 {
        self.gain += (1.0 - self.gain) * RELEASE;
        let level = sample.abs();
        if level * self.gain > self.ceiling {
            self.gain = self.ceiling / level;
        }
        sample * self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::Limiter;

    #[test]
    fn loud_samples_stay_below_the_ceiling_and_soft_ones_as_they_are() {
        let mut limiter = Limiter::new(0.5);
        assert!((limiter.limit(0.25) - 0.25).abs() < f32::EPSILON);
        for sample in [0.7, -2.0, 1.5, 0.6] {
            assert!(limiter.limit(sample).abs() <= 0.500_001, "{sample}");
        }
        let after: Vec<f32> = (0..20_000).map(|_| limiter.limit(0.25)).collect();
        assert!(after[0] < 0.1, "the gain comes back slowly");
        assert!((after[19_999] - 0.25).abs() < 0.001, "but it comes back");
    }
}
