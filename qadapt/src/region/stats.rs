//! Counts of the whole process.

use crate::checks;
use crate::hot::process;
use crate::model::{Counts, Tally};
use crate::report::live;

/// What all threads of the process ask of the allocator from a moment on, with the feature `process-counts`.
///
/// It is for code that starts threads of its own, which [`count_alloc`](crate::count_alloc()) does not see, and for stretches that
/// are no closure. Nothing ends it: each [`change`](Self::change) tells what has happened since the start. Every thread is counted,
/// those of other tests too, and what [`uncounted`](crate::uncounted) hides from other counts; QADAPT's own work is not.
///
/// With the feature each call of the allocator, in a region or not, adds to counters that all threads share; without it this type is
/// not there and costs nothing.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let stats = qadapt::Stats::start();
/// std::thread::spawn(|| drop(std::hint::black_box(Box::new([0_u8; 5000])))).join().expect("it ends");
/// let change = stats.change();
/// assert!(change.bytes() >= 5000 || !change.is_measured());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    before: Option<Tally>,
}

impl Stats {
    /// Begins here.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let stats = qadapt::Stats::start();
    /// let boxed = std::hint::black_box(Box::new(7_u64));
    /// let bytes = stats.change().bytes();
    /// assert!(bytes >= 8 || bytes.get().is_none());
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn start() -> Self {
        Self { before: (checks::ON && live::counts_events()).then(process::tally) }
    }

    /// What was counted since the start. It is exact for threads that have been joined or have synchronised with this one
    /// otherwise, and that do nothing meanwhile. The peaks are unmeasured.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let stats = qadapt::Stats::start();
    /// std::thread::spawn(|| drop(std::hint::black_box(Box::new(7_u64)))).join().expect("it ends");
    /// let change = stats.change();
    /// assert_eq!(change.is_measured(), qadapt::is_active());
    /// assert_eq!(change.peak_bytes().get(), None);
    /// ```
    #[must_use]
    pub fn change(&self) -> Counts {
        self.before
            .map_or(Counts::UNMEASURED, |before| Counts::without_peaks(process::tally().since(&before)))
    }
}
