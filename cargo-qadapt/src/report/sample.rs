//! Live memory of a sample: how far off its figures may be, and how they are said.

use serde::{Deserialize, Serialize};

/// How many followed blocks are behind the figures of a [`Live`](super::live::Live), and the variances of these. The error that 19
/// of 20 figures keep is two standard deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// Followed blocks that are alive at the end.
    pub samples: u64,
    /// The variance of the bytes that are alive at the end.
    pub variance: u64,
    /// Followed blocks that were alive at the peak.
    pub peak_samples: u64,
    /// The variance of the bytes that were alive then.
    pub peak_variance: u64,
    /// Followed blocks that were given back.
    pub freed_samples: u64,
    /// The variance of the number of blocks that were given back.
    pub freed_variance: u64,
}

/// The variance of what no sample shows, where samples stand for so many bytes: three times as many may be alive without one, in
/// one of 20 cases (the rule of three: Jovanovic and Levy, 1997). 0 where each block was followed.
#[must_use]
pub const fn unseen(interval: u64) -> u64 {
    interval.saturating_mul(interval).saturating_mul(9) / 4
}

impl Sampled {
    /// What a trace says.
    #[must_use]
    pub const fn of(sampled: &qadapt_trace::Sampled) -> Self {
        Self {
            samples: sampled.samples,
            variance: sampled.variance,
            peak_samples: sampled.peak_samples,
            peak_variance: sampled.peak_variance,
            freed_samples: sampled.freed_samples,
            freed_variance: sampled.freed_variance,
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn each(&mut self, other: &Self, join: fn(u64, u64) -> u64) {
        for (own, other) in [
            (&mut self.samples, other.samples),
            (&mut self.variance, other.variance),
            (&mut self.peak_samples, other.peak_samples),
            (&mut self.peak_variance, other.peak_variance),
            (&mut self.freed_samples, other.freed_samples),
            (&mut self.freed_variance, other.freed_variance),
        ] {
            *own = join(*own, other);
        }
    }

    pub(super) const fn at_end(&self, blocks: u64, bytes: u64, unseen: u64) -> Estimate {
        Estimate { blocks, bytes, samples: self.samples, variance: self.variance.saturating_add(unseen) }
    }

    pub(super) const fn at_peak(&self, blocks: u64, bytes: u64, unseen: u64) -> Estimate {
        let variance = self.peak_variance.saturating_add(unseen);
        Estimate { blocks, bytes, samples: self.peak_samples, variance }
    }

    /// What became of the blocks that were given back.
    pub(super) fn freed_words(&self, inside: u64, later: u64) -> String {
        if self.freed_samples == 0 {
            return NONE.to_owned();
        }
        let error = two_deviations(self.freed_variance);
        if error > inside.saturating_add(later) / 2 {
            return few(self.freed_samples);
        }
        let step = step(error);
        let parts = [(inside, "in the entry that made them"), (later, "later")];
        let parts = parts.into_iter().filter(|&(blocks, _)| blocks > 0);
        let words = parts.map(|(blocks, when)| match rounded(blocks, step) {
            blocks if blocks > error => format!("about {blocks} {when}"),
            _ => format!("at most about {} {when}", rounded(blocks.saturating_add(error), step)),
        });
        format!("{} (± {})", words.collect::<Vec<_>>().join(", "), rounded(error, step).max(1))
    }
}

/// A figure of blocks and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Blocks.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
    /// Followed blocks that stand for them.
    pub samples: u64,
    /// The variance of the bytes.
    pub variance: u64,
}

impl Estimate {
    /// What 19 of 20 such figures are off by at most, in bytes.
    #[must_use]
    pub fn error(&self) -> u64 {
        two_deviations(self.variance)
    }

    /// True if the samples are too few for a figure: it could be off by more than half.
    #[must_use]
    pub fn is_vague(&self) -> bool {
        self.error() > self.bytes / 2
    }

    /// In words, without digits that mean nothing.
    #[must_use]
    pub fn words(&self) -> String {
        if self.samples == 0 {
            return NONE.to_owned();
        }
        if self.is_vague() {
            return few(self.samples);
        }
        let error = self.error();
        let percent = error.saturating_mul(100).div_ceil(self.bytes.max(1));
        let blocks_error = share(self.blocks, error, self.bytes);
        format!(
            "about {} of {} bytes (± {percent} %, {} sampled)",
            of(rounded(self.blocks, step(blocks_error)), "block"),
            rounded(self.bytes, step(error)),
            self.samples
        )
    }
}

const NONE: &str = "no sampled block";

fn few(samples: u64) -> String {
    format!("{} (too few to say how many that are)", of(samples, "sampled block"))
}

fn of(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Two standard deviations.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an error needs few digits, and a square root has no sign"
)]
fn two_deviations(variance: u64) -> u64 {
    (2.0 * (variance as f64).sqrt()).ceil() as u64
}

/// `figure * part / whole`, at most.
fn share(figure: u64, part: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(figure) * u128::from(part) / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

/// To what a figure with this error is rounded: the power of ten that is a tenth of it or less.
fn step(error: u64) -> u64 {
    10_u64.pow((error / 10).checked_ilog10().unwrap_or(0))
}

fn rounded(figure: u64, step: u64) -> u64 {
    figure.saturating_add(step / 2) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_no_more_digits_than_their_error() {
        let many = Estimate { blocks: 38_912, bytes: 622_592, samples: 152, variance: 2_550_000_000 };
        assert_eq!(many.words(), "about 38900 blocks of 620000 bytes (± 17 %, 152 sampled)");
        let large = Estimate { blocks: 1, bytes: 100_000_000, samples: 1, variance: unseen(1 << 19) };
        assert_eq!(large.words(), "about 1 block of 100000000 bytes (± 2 %, 1 sampled)");
    }

    #[test]
    fn too_few_samples_are_no_figure() {
        let few = Estimate { blocks: 30, bytes: 480, samples: 3, variance: 3 * 160 * 160 };
        assert!(few.is_vague());
        assert_eq!(few.words(), "3 sampled blocks (too few to say how many that are)");
        // Whatever is known of it, others could be there that no sample shows.
        let one = Estimate { blocks: 1, bytes: 64, samples: 1, variance: unseen(64) };
        assert_eq!(one.words(), "1 sampled block (too few to say how many that are)");
        let none = Estimate { blocks: 0, bytes: 0, samples: 0, variance: unseen(64) };
        assert_eq!(none.words(), "no sampled block");
    }

    #[test]
    fn what_became_of_the_rest_is_an_estimate_too() {
        let sampled = Sampled { freed_samples: 400, freed_variance: 400 * 90, ..Sampled::default() };
        let words = sampled.freed_words(3600, 400);
        assert_eq!(words, "about 3600 in the entry that made them, about 400 later (± 380)");
        let words = sampled.freed_words(3900, 100);
        assert_eq!(words, "about 3900 in the entry that made them, at most about 480 later (± 380)");
        assert_eq!(sampled.freed_words(300, 0), "400 sampled blocks (too few to say how many that are)");
        assert_eq!(Sampled::default().freed_words(0, 0), NONE);
    }
}
