//! Live memory of a sample: how many blocks were followed, and how far off what they stand for may be.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use crate::add::add;
use crate::bytes::number;
use crate::layout::SampledRow;
use crate::room::Room;

/// Blocks that are followed for each time that the bytes of all blocks double.
const DENSITY: u64 = 1 << 12;

/// The longest interval, in bytes: 512 KiB, as in Go and jemalloc.
const LONGEST: u64 = 1 << 19;

/// The bytes for which a followed block stands when blocks of so many bytes have been made before it. Larger blocks are all
/// followed. At first it is one byte, so that each block is followed; then it grows as the bytes do.
///
/// # Examples
/// ```
/// use qadapt_trace::interval;
///
/// assert_eq!(interval(0), 1);
/// assert_eq!(interval(1 << 20), 256);
/// assert_eq!(interval(u64::MAX), 512 * 1024);
/// ```
#[must_use]
#[inline]
pub const fn interval(before: u64) -> u64 {
    match (before / DENSITY).checked_ilog2() {
        None => 1,
        Some(power) if power >= LONGEST.ilog2() => LONGEST,
        Some(power) => 1 << power,
    }
}

/// A block that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its bytes.
    pub size: u64,
    /// How many blocks of its size it stands for, itself included.
    pub weight: u64,
}

impl Share {
    pub(crate) const fn bytes(self) -> u64 {
        self.size.saturating_mul(self.weight)
    }

    /// What it adds to the variance of the blocks: one in `weight` is followed, and each of them stands for as many (Horvitz and
    /// Thompson, 1952).
    const fn blocks_variance(self) -> u64 {
        self.weight.saturating_mul(self.weight.saturating_sub(1))
    }

    const fn variance(self) -> u64 {
        self.blocks_variance().saturating_mul(self.size.saturating_mul(self.size))
    }
}

/// How many followed blocks are behind the figures of [`Live`](crate::Live), and the variance of these. Zeros where all blocks
/// are followed by `--live`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Followed blocks that are alive.
    pub samples: u64,
    /// The variance of the bytes that are alive.
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

impl Sampled {
    /// Reads one out of an entry, at this offset; zeros where it is not there.
    pub(crate) fn parse(entry: &[u8], at: usize) -> Self {
        let field = |offset| number(entry, at + offset).unwrap_or(0);
        Self {
            samples: field(offset_of!(SampledRow, samples)),
            variance: field(offset_of!(SampledRow, variance)),
            peak_samples: field(offset_of!(SampledRow, peak_samples)),
            peak_variance: field(offset_of!(SampledRow, peak_variance)),
            freed_samples: field(offset_of!(SampledRow, freed_samples)),
            freed_variance: field(offset_of!(SampledRow, freed_variance)),
        }
    }
}

// Relaxed below: as in `live`. Numbers that go down are added to by two's complements.

impl SampledRow {
    /// One more is alive.
    pub(crate) fn make<R: Room>(&self, share: Share) {
        add::<R>(&self.samples, 1);
        add::<R>(&self.variance, share.variance());
    }

    /// One has another size.
    pub(crate) fn resize<R: Room>(&self, before: Share, after: Share) {
        add::<R>(&self.variance, after.variance().wrapping_sub(before.variance()));
    }

    /// One less is alive.
    pub(crate) fn leave<R: Room>(&self, share: Share) {
        add::<R>(&self.samples, 1_u64.wrapping_neg());
        add::<R>(&self.variance, share.variance().wrapping_neg());
    }

    /// It was given back.
    pub(crate) fn free<R: Room>(&self, share: Share) {
        add::<R>(&self.freed_samples, 1);
        add::<R>(&self.freed_variance, share.blocks_variance());
    }

    /// What is alive now is what was alive at the peak.
    pub(crate) fn keep(&self) {
        self.peak_samples.store(self.samples.load(Ordering::Relaxed), Ordering::Relaxed);
        self.peak_variance.store(self.variance.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
