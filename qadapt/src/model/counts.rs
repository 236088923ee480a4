//! What a stretch of code asked of the allocator.

use core::cmp::Ordering;
use core::fmt;

/// Counts of what one thread asked of the allocator inside a region.
///
/// Bytes are the sizes that the program asked for, not what the allocator rounded them to. A reallocation counts
/// its new size as asked for and its old size as freed. Only the thread that ran the region is counted, and never
/// QADAPT's own work. Inner regions are included.
///
/// In a build without checks, or in a program whose global allocator is not QADAPT, nothing was measured: every
/// figure is then *unmeasured*, which is printed as such and differs from every number.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, boxed) = qadapt::count_alloc(|| Box::new(7_u64));
/// # if counts.is_measured() {
/// assert_eq!(counts.allocs(), 1);
/// assert_eq!(counts.bytes_allocated(), 8);
/// assert_eq!(counts.net_bytes(), 8);
/// # }
/// # drop(boxed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    tally: Option<Tally>,
}

/// The figures of a measured [`Counts`]; also what a thread's counters hold.
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
    fn followed_by(self, next: Self) -> Self {
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
    fn net_bytes(self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed) as i64
    }
}

impl Counts {
    pub(crate) const UNMEASURED: Self = Self { tally: None };

    pub(crate) const fn measured(tally: Tally) -> Self {
        Self { tally: Some(tally) }
    }

    /// The counts of two stretches of code, one after the other; unmeasured if either is.
    pub(crate) fn followed_by(self, next: Self) -> Self {
        let tally = self.tally.zip(next.tally).map(|(first, next)| first.followed_by(next));
        Self { tally }
    }

    fn get<T>(self, figure: impl FnOnce(Tally) -> T) -> Measured<T> {
        Measured(self.tally.map(figure))
    }

    /// True if the figures were measured: the checks are compiled in and QADAPT is the global allocator.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.tally.is_some()
    }

    /// Successful allocations, zeroed ones included.
    #[must_use]
    pub fn allocs(&self) -> Measured<u64> {
        self.get(|tally| tally.allocs)
    }

    /// Successful reallocations.
    #[must_use]
    pub fn reallocs(&self) -> Measured<u64> {
        self.get(|tally| tally.reallocs)
    }

    /// Deallocations.
    #[must_use]
    pub fn deallocs(&self) -> Measured<u64> {
        self.get(|tally| tally.deallocs)
    }

    /// Requests for memory that got none. They count no bytes.
    #[must_use]
    pub fn failed(&self) -> Measured<u64> {
        self.get(|tally| tally.failed)
    }

    /// Bytes asked for: by allocations, and by reallocations with their new size.
    #[must_use]
    pub fn bytes_allocated(&self) -> Measured<u64> {
        self.get(|tally| tally.bytes_allocated)
    }

    /// Bytes given back: by deallocations, and by reallocations with their old size.
    #[must_use]
    pub fn bytes_freed(&self) -> Measured<u64> {
        self.get(|tally| tally.bytes_freed)
    }

    /// Bytes that live longer than the region: asked for less given back. Negative where older memory was freed.
    #[must_use]
    pub fn net_bytes(&self) -> Measured<i64> {
        self.get(Tally::net_bytes)
    }

    /// The most bytes that were live at once, counted from 0 at the region's entry; never below 0.
    #[must_use]
    pub fn peak_bytes(&self) -> Measured<u64> {
        self.get(|tally| tally.peak_bytes)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(tally) = self.tally else { return f.write_str("unmeasured") };
        write!(
            f,
            "{} allocs, {} reallocs, {} deallocs, {} failed, {} bytes allocated, {} bytes freed, {} bytes at peak",
            tally.allocs,
            tally.reallocs,
            tally.deallocs,
            tally.failed,
            tally.bytes_allocated,
            tally.bytes_freed,
            tally.peak_bytes,
        )
    }
}

/// A figure, or the fact that nothing was measured.
///
/// It compares with plain numbers. An unmeasured figure is unequal to every number, and neither less nor greater, so
/// that an assertion about it fails.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, _) = qadapt::count_alloc(|| Vec::<u8>::with_capacity(100));
/// match counts.bytes_allocated().get() {
///     Some(bytes) => assert_eq!(bytes, 100),
///     None => assert_ne!(counts.bytes_allocated(), 0),
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Measured<T>(Option<T>);

impl<T: Copy> Measured<T> {
    /// The figure; `None` if nothing was measured.
    #[must_use]
    pub const fn get(self) -> Option<T> {
        self.0
    }
}

impl<T: PartialEq> PartialEq<T> for Measured<T> {
    fn eq(&self, number: &T) -> bool {
        self.0.as_ref() == Some(number)
    }
}

impl<T: PartialOrd> PartialOrd<T> for Measured<T> {
    fn partial_cmp(&self, number: &T) -> Option<Ordering> {
        self.0.as_ref()?.partial_cmp(number)
    }
}

impl<T: fmt::Display> fmt::Display for Measured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(figure) => figure.fmt(f),
            None => f.pad("unmeasured"),
        }
    }
}

impl<T: fmt::Display> fmt::Debug for Measured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unmeasured_figure_is_no_number() {
        let counts = Counts::UNMEASURED;
        assert!(!counts.is_measured());
        assert_ne!(counts.allocs(), 0);
        assert_ne!(counts.net_bytes(), 0);
        assert!(counts.allocs().partial_cmp(&u64::MAX).is_none());
        assert_eq!(format!("{counts} {:?}", counts.allocs()), "unmeasured unmeasured");
        assert_ne!(counts, Counts::measured(Tally::default()));
    }

    #[test]
    fn measured_figures_are_numbers() {
        let tally = Tally { allocs: 2, bytes_allocated: 10, bytes_freed: 30, ..Tally::default() };
        let counts = Counts::measured(tally);
        assert_eq!(counts.allocs(), 2);
        assert!(counts.allocs() < 3);
        assert_eq!(counts.net_bytes(), -20);
        assert!(counts.to_string().starts_with("2 allocs, 0 reallocs"));
    }
}
