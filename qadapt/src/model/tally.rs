//! Figures of events as plain numbers.

/// The figures of measured [`Counts`](super::Counts); also what a thread's counters hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) allocs: u64,
    pub(crate) reallocs: u64,
    pub(crate) deallocs: u64,
    pub(crate) failed: u64,
    pub(crate) bytes_allocated: u64,
    pub(crate) bytes_freed: u64,
    pub(crate) peak_bytes: u64,
}

impl Tally {
    pub(crate) const NOTHING: Self = Self {
        allocs: 0,
        reallocs: 0,
        deallocs: 0,
        failed: 0,
        bytes_allocated: 0,
        bytes_freed: 0,
        peak_bytes: 0,
    };

    /// The tally of two stretches of code, one after the other.
    pub(super) fn followed_by(self, next: Self) -> Self {
        let peak_of_next = self.net_bytes().saturating_add_unsigned(next.peak_bytes);
        let peak_bytes = self.peak_bytes.max(u64::try_from(peak_of_next).unwrap_or(0));
        Self { peak_bytes, ..self.and(next) }
    }

    /// What was counted since an earlier tally, with this peak.
    pub(crate) fn since(self, then: &Self, peak: i64) -> Self {
        Self {
            allocs: self.allocs.wrapping_sub(then.allocs),
            reallocs: self.reallocs.wrapping_sub(then.reallocs),
            deallocs: self.deallocs.wrapping_sub(then.deallocs),
            failed: self.failed.wrapping_sub(then.failed),
            bytes_allocated: self.bytes_allocated.wrapping_sub(then.bytes_allocated),
            bytes_freed: self.bytes_freed.wrapping_sub(then.bytes_freed),
            peak_bytes: u64::try_from(peak).unwrap_or(0),
        }
    }

    /// The sums of two tallies, but for the peak, which stays the first one's.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            allocs: self.allocs.wrapping_add(other.allocs),
            reallocs: self.reallocs.wrapping_add(other.reallocs),
            deallocs: self.deallocs.wrapping_add(other.deallocs),
            failed: self.failed.wrapping_add(other.failed),
            bytes_allocated: self.bytes_allocated.wrapping_add(other.bytes_allocated),
            bytes_freed: self.bytes_freed.wrapping_add(other.bytes_freed),
            peak_bytes: self.peak_bytes,
        }
    }

    /// The tally of two threads that ran side by side. Which bytes lived at the same time is not known: the peak is
    /// the sum of both, which is never too low.
    pub(crate) const fn beside(self, other: Self) -> Self {
        Self { peak_bytes: self.peak_bytes.saturating_add(other.peak_bytes), ..self.and(other) }
    }

    #[expect(clippy::cast_possible_wrap, reason = "two's complement gives the signed difference")]
    pub(super) fn net_bytes(self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed) as i64
    }
}
