//! What a stretch of code asked of the allocator.

mod sum;

use core::fmt;

use super::call_count::CallCount;
use super::measured::Measured;
use super::tally::Tally;

/// Counts of what one thread asked of the allocator inside a region.
///
/// Bytes are the sizes that the program asked for, not what the allocator rounded them to. A reallocation counts
/// its new size as asked for and its old size as freed. Only the thread that ran the region is counted, and never
/// QADAPT's own work. Inner regions are included.
///
/// In a build without checks, or in a program whose global allocator is not QADAPT, nothing was measured: every
/// figure is then *unmeasured*, which is printed as such and equals nothing. So do the counts as a whole. System calls are counted
/// where [`count_blocking`](crate::count_blocking) asks for them.
///
/// Counts can be added, as those of stretches of code one after the other: the sum's peak is the highest of them, each counted
/// from where the one before left off. [`Counts::default`] is no event at all, with which a sum begins; a sum with unmeasured
/// counts in it is unmeasured.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, boxed) = qadapt::count_alloc(|| Box::new(7_u64));
/// # if counts.is_measured() {
/// assert_eq!(counts.allocs(), 1);
/// assert_eq!(counts.bytes(), 8);
/// assert_eq!(counts.net_bytes(), 8);
/// # }
/// let (more, ()) = qadapt::count_alloc(|| drop(boxed));
/// # if counts.is_measured() {
/// assert_eq!((counts + more).net_bytes(), 0);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    tally: Option<Tally>,
    blocking: CallCount,
}

impl Counts {
    pub(crate) const UNMEASURED: Self = Self { tally: None, blocking: CallCount::UNASKED };
    /// No event, and measured.
    pub(crate) const NOTHING: Self = Self { tally: Some(Tally::NOTHING), blocking: CallCount::NOTHING };

    pub(crate) const fn measured(tally: Tally) -> Self {
        Self { tally: Some(tally), blocking: CallCount::UNASKED }
    }

    /// The same with a number of system calls.
    pub(crate) const fn with_blocking(self, blocking: CallCount) -> Self {
        Self { blocking, ..self }
    }

    /// True where system calls were to be counted and could not be watched.
    pub(crate) fn misses_calls(self) -> bool {
        self.blocking.is_unmeasured()
    }

    /// Counts of which nobody knows the peak.
    #[cfg(feature = "process-counts")]
    pub(crate) const fn without_peaks(tally: Tally) -> Self {
        Self::measured(tally.without_peaks())
    }

    /// The figures to go on from; none where they are unmeasured.
    #[inline(always)]
    pub(crate) const fn tally_mut(&mut self) -> Option<&mut Tally> {
        self.tally.as_mut()
    }

    fn get<T>(self, figure: impl FnOnce(Tally) -> T) -> Measured<T> {
        Measured::new(self.tally.map(figure))
    }

    /// True if the figures were measured: the checks are compiled in and QADAPT is the global allocator.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let (counts, ()) = qadapt::count_alloc(|| ());
    /// assert_eq!(counts.is_measured(), qadapt::is_active());
    /// ```
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.tally.is_some()
    }

    /// Successful allocations, zeroed ones included.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, boxed) = qadapt::count_alloc(|| black_box(Box::new(7_u64)));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.allocs(), 1);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn allocs(&self) -> Measured<u64> {
        self.get(|tally| tally.allocs)
    }

    /// Successful reallocations.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let mut list = black_box(vec![7_u64]);
    /// let (counts, ()) = qadapt::count_alloc(|| list.reserve_exact(1));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.reallocs(), 1);
    /// # }
    /// ```
    #[must_use]
    pub fn reallocs(&self) -> Measured<u64> {
        self.get(|tally| tally.reallocs)
    }

    /// Successful requests for memory: allocations and reallocations.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, list) = qadapt::count_alloc(|| {
    ///     let mut list = black_box(vec![7_u64]);
    ///     list.reserve_exact(1);
    ///     list
    /// });
    /// # if counts.is_measured() {
    /// assert_eq!(counts.requests(), 2);
    /// # }
    /// # drop(list);
    /// ```
    #[must_use]
    pub fn requests(&self) -> Measured<u64> {
        self.get(|tally| tally.allocs.wrapping_add(tally.reallocs))
    }

    /// Deallocations.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let boxed = black_box(Box::new(7_u64));
    /// let (counts, ()) = qadapt::count_alloc(|| drop(boxed));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.deallocs(), 1);
    /// # }
    /// ```
    #[must_use]
    pub fn deallocs(&self) -> Measured<u64> {
        self.get(|tally| tally.deallocs)
    }

    /// Requests for memory that got none. They count no bytes.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::Policy;
    ///
    /// let mut list: Vec<u64> = Vec::new();
    /// let (counts, _) = qadapt::count_alloc(|| Policy::fail_nth(1).run(|| list.try_reserve(8)));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.failed(), 1);
    /// assert_eq!(counts.bytes(), 0);
    /// # }
    /// ```
    #[must_use]
    pub fn failed(&self) -> Measured<u64> {
        self.get(|tally| tally.failed)
    }

    /// System calls in which the thread may have waited, as [`Policy::no_blocking`](crate::Policy::no_blocking) tells them, but for
    /// those of an allocator; also inside permits. Unmeasured but in counts from [`count_blocking`](crate::count_blocking), from
    /// [`GuardExt::count_blocking`](crate::GuardExt::count_blocking), and of an [`assert_allocs!`](crate::assert_allocs) that asks for
    /// them; and there where this thread's calls are not [watched](crate::is_blocking_watched).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let (counts, ()) = qadapt::count_blocking(std::thread::yield_now);
    /// assert_eq!(counts.calls().get(), qadapt::is_blocking_watched().then_some(1));
    /// ```
    #[must_use]
    pub fn calls(&self) -> Measured<u64> {
        Measured::new(self.blocking.get())
    }

    /// All calls of the allocator: allocations, reallocations, deallocations and what failed. It is 0 where the
    /// allocator was not touched.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, ()) = qadapt::count_alloc(|| drop(black_box(Box::new(7_u64))));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.events(), 2);
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> Measured<u64> {
        self.get(|tally| {
            let requests = tally.allocs.wrapping_add(tally.reallocs);
            requests.wrapping_add(tally.deallocs).wrapping_add(tally.failed)
        })
    }

    /// Bytes asked for: by allocations, and by reallocations with their new size.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, boxed) = qadapt::count_alloc(|| black_box(Box::new(7_u64)));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.bytes(), 8);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> Measured<u64> {
        self.get(|tally| tally.bytes)
    }

    /// Bytes given back: by deallocations, and by reallocations with their old size.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let boxed = black_box(Box::new(7_u64));
    /// let (counts, ()) = qadapt::count_alloc(|| drop(boxed));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.freed_bytes(), 8);
    /// # }
    /// ```
    #[must_use]
    pub fn freed_bytes(&self) -> Measured<u64> {
        self.get(|tally| tally.freed_bytes)
    }

    /// Bytes that live longer than the region: asked for less given back. Negative where older memory was freed.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, boxed) = qadapt::count_alloc(|| {
    ///     drop(black_box(Box::new([0_u64; 4])));
    ///     black_box(Box::new(7_u64))
    /// });
    /// # if counts.is_measured() {
    /// assert_eq!(counts.net_bytes(), 8);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn net_bytes(&self) -> Measured<i64> {
        self.get(Tally::net_bytes)
    }

    /// The part of [`net_bytes`](Self::net_bytes) that reallocations are: what they made blocks larger by, less what they made
    /// them smaller by.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let mut list = black_box(vec![7_u64]);
    /// let (counts, ()) = qadapt::count_alloc(|| list.reserve_exact(1)); // from 8 to 16 bytes
    /// # if counts.is_measured() {
    /// assert_eq!(counts.net_realloc_bytes(), 8);
    /// # }
    /// ```
    #[must_use]
    pub fn net_realloc_bytes(&self) -> Measured<i64> {
        self.get(|tally| tally.net_realloc_bytes)
    }

    /// Blocks that live longer than the region: allocated less given back. Negative where older blocks were freed.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let boxes = black_box([Box::new(1), Box::new(2)]);
    /// let (counts, ()) = qadapt::count_alloc(|| drop(boxes));
    /// # if counts.is_measured() {
    /// assert_eq!(counts.net_blocks(), -2);
    /// # }
    /// ```
    #[must_use]
    pub fn net_blocks(&self) -> Measured<i64> {
        self.get(Tally::net_blocks)
    }

    /// The most blocks that were live at once, counted from 0 at the region's entry; never below 0. Of threads that the policy was
    /// lent to, see [`Policy::current`](crate::Policy::current).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, ()) = qadapt::count_alloc(|| {
    ///     drop(black_box([Box::new(1), Box::new(2)]));
    ///     drop(black_box(Box::new(3)));
    /// });
    /// # if counts.is_measured() {
    /// assert_eq!(counts.peak_blocks(), 2);
    /// # }
    /// ```
    #[must_use]
    pub fn peak_blocks(&self) -> Measured<u64> {
        Measured::new(self.tally.filter(|tally| tally.has_peaks()).map(|tally| tally.peak_blocks))
    }

    /// The most bytes that were live at once, counted from 0 at the region's entry; never below 0. Of threads that the policy was
    /// lent to, see [`Policy::current`](crate::Policy::current).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, ()) = qadapt::count_alloc(|| {
    ///     drop(black_box(Box::new([0_u64; 4])));
    ///     drop(black_box(Box::new(7_u64)));
    /// });
    /// # if counts.is_measured() {
    /// assert_eq!(counts.peak_bytes(), 32);
    /// # }
    /// ```
    #[must_use]
    pub fn peak_bytes(&self) -> Measured<u64> {
        Measured::new(self.tally.filter(|tally| tally.has_peaks()).map(|tally| tally.peak_bytes))
    }
}

/// Measured counts of no event.
impl Default for Counts {
    fn default() -> Self {
        Self::NOTHING
    }
}

/// True if every figure was measured and equals the other's. System calls are a figure of those counts that were to have it, which
/// equal no others.
impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        self.blocking.agrees_with(other.blocking)
            && self.tally.zip(other.tally).is_some_and(|(one, other)| one.has_peaks() && one == other)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(tally) = self.tally else {
            f.write_str("unmeasured")?;
            return self.blocking.get().map_or(Ok(()), |calls| write!(f, ", {calls} blocking calls"));
        };
        write!(
            f,
            "{} allocs, {} reallocs, {} deallocs, {} failed, {} bytes, {} freed bytes, {} peak bytes, {} peak blocks",
            tally.allocs,
            tally.reallocs,
            tally.deallocs,
            tally.failed,
            tally.bytes,
            tally.freed_bytes,
            self.peak_bytes(),
            self.peak_blocks(),
        )?;
        match self.blocking.get() {
            Some(calls) => write!(f, ", {calls} blocking calls"),
            None if self.misses_calls() => f.write_str(", unmeasured blocking calls"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn some() -> Counts {
        let tally = Tally {
            allocs: 2,
            reallocs: 1,
            bytes: 10,
            freed_bytes: 30,
            peak_bytes: 6,
            peak_blocks: 1,
            ..Tally::NOTHING
        };
        Counts::measured(tally)
    }

    #[test]
    fn unmeasured_counts_equal_nothing() {
        let counts = Counts::UNMEASURED;
        assert!(!counts.is_measured());
        assert_ne!(counts.allocs(), 0);
        assert_ne!(counts.net_bytes(), 0);
        assert_ne!(counts.allocs(), counts.deallocs());
        assert_ne!(counts, counts);
        assert_ne!(counts, Counts::default());
        assert_eq!(counts.to_string(), "unmeasured");
    }

    #[test]
    fn calls_that_were_to_be_counted_are_a_figure_too() {
        let with = |calls| some().with_blocking(CallCount::of(calls));
        assert_eq!((with(Some(3)).calls().get(), some().calls().get()), (Some(3), None));
        assert_eq!(with(Some(3)), with(Some(3)));
        assert_ne!(with(Some(3)), with(Some(4)));
        assert_ne!(with(Some(3)), some());
        assert_ne!(with(None), with(None));
        assert_ne!(with(None).calls(), with(None).calls());
        assert_eq!(Counts::default(), Counts::measured(Tally::NOTHING));
        let sum: Counts = [with(Some(3)), with(Some(4))].into_iter().sum();
        assert_eq!(sum.calls(), 7);
        assert_eq!((with(Some(3)) + some()).calls().get(), None);
        assert!(with(Some(3)).to_string().ends_with(" 1 peak blocks, 3 blocking calls"));
        assert!(with(None).to_string().ends_with(", unmeasured blocking calls"));
        assert!(some().to_string().ends_with("peak blocks"));
        let alone = Counts::UNMEASURED.with_blocking(CallCount::of(Some(2)));
        assert_eq!(alone.to_string(), "unmeasured, 2 blocking calls");
    }

    #[test]
    fn measured_figures_are_numbers() {
        let counts = some();
        assert_eq!(counts, some());
        assert_eq!(counts.allocs(), 2);
        assert!(counts.allocs() < 3 && counts.reallocs() < counts.allocs());
        assert_eq!(counts.requests(), 3);
        assert_eq!(counts.events(), 3);
        assert_eq!(counts.net_bytes(), -20);
        assert!(counts.to_string().starts_with("2 allocs, 1 reallocs"));
    }
}
