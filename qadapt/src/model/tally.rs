//! Figures of events as plain numbers.

/// The figures of measured [`Counts`](super::Counts); also what a thread's counters hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) allocs: u64,
    pub(crate) reallocs: u64,
    pub(crate) deallocs: u64,
    pub(crate) failed: u64,
    pub(crate) bytes: u64,
    pub(crate) freed_bytes: u64,
    /// What reallocations changed of the bytes that live.
    pub(crate) net_realloc_bytes: i64,
    pub(crate) peak_bytes: u64,
    pub(crate) peak_blocks: u64,
}

/// The most of both at once, in a thread's count: bytes and blocks that live. May be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct High {
    pub(crate) bytes: i64,
    pub(crate) blocks: i64,
}

impl High {
    /// Each figure's greater one.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), blocks: self.blocks.max(other.blocks) }
    }
}

impl Tally {
    pub(crate) const NOTHING: Self = Self {
        allocs: 0,
        reallocs: 0,
        deallocs: 0,
        failed: 0,
        bytes: 0,
        freed_bytes: 0,
        net_realloc_bytes: 0,
        peak_bytes: 0,
        peak_blocks: 0,
    };

    /// What stands for a peak that nobody knows: a process has less memory, and fewer blocks.
    const UNKNOWN: u64 = u64::MAX;

    /// The tally where nobody knows the peaks.
    #[cfg(feature = "process-counts")]
    pub(super) const fn without_peaks(self) -> Self {
        Self { peak_bytes: Self::UNKNOWN, peak_blocks: Self::UNKNOWN, ..self }
    }

    pub(super) const fn has_peaks(self) -> bool {
        self.peak_bytes != Self::UNKNOWN
    }

    /// The tally of two stretches of code, one after the other.
    pub(crate) fn followed_by(self, next: Self) -> Self {
        if !self.has_peaks() || !next.has_peaks() {
            return Self { peak_bytes: Self::UNKNOWN, peak_blocks: Self::UNKNOWN, ..self.and(next) };
        }
        let later = |net: i64, peak: u64| u64::try_from(net.saturating_add_unsigned(peak)).unwrap_or(0);
        Self {
            peak_bytes: self.peak_bytes.max(later(self.net_bytes(), next.peak_bytes)),
            peak_blocks: self.peak_blocks.max(later(self.net_blocks(), next.peak_blocks)),
            ..self.and(next)
        }
    }

    /// The tally with peaks of as much.
    #[inline(always)]
    pub(crate) fn with_peaks(self, bytes: i64, blocks: i64) -> Self {
        let peak = |high| u64::try_from(high).unwrap_or(0);
        Self { peak_bytes: peak(bytes), peak_blocks: peak(blocks), ..self }
    }

    /// What was counted since an earlier tally; no peaks.
    pub(crate) const fn since(self, then: &Self) -> Self {
        Self {
            allocs: self.allocs.wrapping_sub(then.allocs),
            reallocs: self.reallocs.wrapping_sub(then.reallocs),
            deallocs: self.deallocs.wrapping_sub(then.deallocs),
            failed: self.failed.wrapping_sub(then.failed),
            bytes: self.bytes.wrapping_sub(then.bytes),
            freed_bytes: self.freed_bytes.wrapping_sub(then.freed_bytes),
            net_realloc_bytes: self.net_realloc_bytes.wrapping_sub(then.net_realloc_bytes),
            ..Self::NOTHING
        }
    }

    /// The sums of two tallies, but for the peaks, which stay the first one's.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            allocs: self.allocs.wrapping_add(other.allocs),
            reallocs: self.reallocs.wrapping_add(other.reallocs),
            deallocs: self.deallocs.wrapping_add(other.deallocs),
            failed: self.failed.wrapping_add(other.failed),
            bytes: self.bytes.wrapping_add(other.bytes),
            freed_bytes: self.freed_bytes.wrapping_add(other.freed_bytes),
            net_realloc_bytes: self.net_realloc_bytes.wrapping_add(other.net_realloc_bytes),
            peak_bytes: self.peak_bytes,
            peak_blocks: self.peak_blocks,
        }
    }

    /// The tally of two threads that ran side by side. What lived at the same time is not known: the peaks are
    /// the sums of both, which are never too low.
    pub(crate) const fn beside(self, other: Self) -> Self {
        Self {
            peak_bytes: self.peak_bytes.saturating_add(other.peak_bytes),
            peak_blocks: self.peak_blocks.saturating_add(other.peak_blocks),
            ..self.and(other)
        }
    }

    /// Blocks that are there and were not before.
    #[expect(clippy::cast_possible_wrap, reason = "two's complement gives the signed difference")]
    #[inline(always)]
    pub(crate) const fn net_blocks(self) -> i64 {
        self.allocs.wrapping_sub(self.deallocs) as i64
    }

    #[expect(clippy::cast_possible_wrap, reason = "two's complement gives the signed difference")]
    #[inline(always)]
    pub(crate) const fn net_bytes(self) -> i64 {
        self.bytes.wrapping_sub(self.freed_bytes) as i64
    }
}
