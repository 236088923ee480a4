//! The process's figures as plain numbers.

use core::fmt;
use core::panic::Location;

use crate::checks;
use crate::hot::{own_work, process};
use crate::model::{Counts, Measured, Tally};
use crate::report::{live, totals};

/// The figures of the process as it runs, for whatever collects them: Prometheus, OpenTelemetry, a log. With the feature
/// `process-counts`.
///
/// | figure | covers | since |
/// |---|---|---|
/// | [`counts`](Metrics::counts): events and bytes; `net_bytes` and `net_blocks` are what is alive | every call of the allocator on every thread, in a region or not | the process's start |
/// | [`violations`](Metrics::violations) | every event that a region disallowed, on every thread and in every mode | the process's start |
/// | [`blocking_violations`](Metrics::blocking_violations) | those violations that are system calls | the process's start |
/// | [`lost`](Metrics::lost) | those violations of which only the number is known, for want of room | the process's start |
/// | [`regions`](Metrics::regions) | violations of each region, and counts of each function with `#[count_alloc]` | the process's start; an entry is added when it ends |
///
/// QADAPT's own work is in none of them, and what happens while a thread is panicking is no violation. All figures but the live ones
/// only go up. Each is read by itself: while other threads are at work, two of them need not be of the same moment. A forked child goes
/// on from its parent's figures, but for calls of counted functions, which it counts anew. Where several copies of QADAPT share a
/// process, these are this copy's.
///
/// Where nothing counts, in a build without checks or in a program whose allocator is not QADAPT, every figure is unmeasured (its `get`
/// is `None`) and there are no regions.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::set_mode(qadapt::Mode::Count);
/// qadapt::Policy::new().name("mixer").run(|| drop(std::hint::black_box(Box::new(1))));
///
/// let metrics = qadapt::metrics();
/// # if qadapt::is_active() {
/// println!("allocated_bytes_total {}", metrics.counts().bytes());
/// println!("live_bytes {}", metrics.counts().net_bytes());
/// for region in metrics.regions() {
///     println!("violations_total{{region=\"{}\"}} {}", region.name(), region.violations());
/// }
/// assert_eq!((metrics.violations().get(), metrics.lost().get()), (Some(2), Some(0)));
/// assert_eq!((metrics.regions()[0].name().to_string().as_str(), metrics.regions()[0].violations()), ("mixer", 2));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    tally: Option<Tally>,
    violations: Option<u64>,
    calls: Option<u64>,
    lost: Option<u64>,
    regions: Vec<RegionMetrics>,
}

/// What one region of the process has done so far.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::hint::black_box;
///
/// qadapt::set_mode(qadapt::Mode::Count);
/// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
/// for region in qadapt::metrics().regions() {
///     assert_eq!((region.name().to_string().as_str(), region.violations()), ("mixer", 1));
/// }
/// # assert_eq!(qadapt::metrics().regions().len(), usize::from(qadapt::is_active()));
/// # drop(boxed);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RegionMetrics {
    totals: totals::Totals,
}

/// Reads the figures of the process. It allocates the list of regions, as the caller: call it outside of regions.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::assert_no_alloc(|| 2 + 2);
/// let metrics = qadapt::metrics();
/// assert_eq!(metrics.violations().get(), qadapt::is_active().then_some(0));
/// ```
#[must_use]
pub fn metrics() -> Metrics {
    if !checks::ON || !live::counts_events() {
        return Metrics { tally: None, violations: None, calls: None, lost: None, regions: Vec::new() };
    }
    let all = own_work::as_own_work(totals::all);
    // The list is the caller's, who frees it: so it counts as any other block, and is off the bytes that are alive again.
    let mut regions = Vec::with_capacity(all.len());
    own_work::as_own_work(|| regions.extend(all.into_values().map(|totals| RegionMetrics { totals })));
    let (violations, lost) = process::violations();
    Metrics {
        tally: Some(process::tally()),
        violations: Some(violations),
        calls: process::calls(),
        lost: Some(lost),
        regions,
    }
}

impl Metrics {
    /// Events and bytes of all threads. The peaks are unmeasured; `net_bytes` is how many bytes are alive, `net_blocks` how many
    /// blocks.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let boxed = std::hint::black_box(Box::new([0_u8; 5000]));
    /// let alive = qadapt::metrics().counts().net_bytes();
    /// assert!(alive >= 5000 || alive.get().is_none());
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally.map_or(Counts::UNMEASURED, Counts::without_peaks)
    }

    /// Events that regions disallowed, on all threads, in every mode.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// assert_eq!(qadapt::metrics().violations().get(), qadapt::is_active().then_some(1));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn violations(&self) -> Measured<u64> {
        Measured::new(self.violations)
    }

    /// The [`violations`](Self::violations) that are system calls in which a thread may wait. Unmeasured from the first region on that
    /// was to watch them on a thread where they cannot be watched, and so missed some or none.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    ///
    /// Policy::no_blocking().mode(Mode::Count).run(std::thread::yield_now);
    /// let violations = qadapt::metrics().blocking_violations();
    /// assert_eq!(violations.get(), qadapt::is_blocking_watched().then_some(1));
    /// ```
    #[must_use]
    pub fn blocking_violations(&self) -> Measured<u64> {
        Measured::new(self.calls)
    }

    /// The [`violations`](Self::violations) that there was no room to record: they are counted, but no report names their lines.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// assert_eq!(qadapt::metrics().lost().get(), qadapt::is_active().then_some(0));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn lost(&self) -> Measured<u64> {
        Measured::new(self.lost)
    }

    /// The regions that have ended with violations, and the functions with `#[count_alloc]` that were called, in the order of the
    /// source. A future counts at the end of each poll.
    ///
    /// The violations of all of them are at most [`violations`](Self::violations): those of regions that are open come later, and those of
    /// threads that ended inside a region, of signal handlers that interrupted QADAPT, and of a region of another copy of QADAPT have no
    /// entry here.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// assert_eq!(qadapt::metrics().regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn regions(&self) -> &[RegionMetrics] {
        &self.regions
    }
}

impl RegionMetrics {
    /// The region's name, or the function's; it prints nothing where there is none.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.name().to_string(), "mixer");
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn name(&self) -> impl fmt::Display + use<> {
        self.totals.place.name
    }

    /// Where the region is entered.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let line = line!() + 1;
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.entered().line(), line);
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn entered(&self) -> &'static Location<'static> {
        self.totals.place.location
    }

    /// Events that the region disallowed, on all threads that entered it or that had its policy lent.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.violations(), 1);
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.totals.violations
    }

    /// The [`violations`](Self::violations) that there was no room to record.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// qadapt::set_mode(qadapt::Mode::Count);
    /// let boxed = qadapt::Policy::new().name("mixer").run(|| black_box(Box::new(1)));
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.lost(), 0);
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.totals.lost
    }

    /// Calls of a function with `#[count_alloc]` that have ended; 0 for any other region.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// #[qadapt::count_alloc]
    /// fn boxed() -> Box<u64> {
    ///     black_box(Box::new(7))
    /// }
    ///
    /// let boxed = [boxed(), boxed()];
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.calls(), 2);
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.totals.calls.map_or(0, |(calls, _)| calls)
    }

    /// What those calls asked of the allocator, each on its own thread; unmeasured for any other region. The peaks are those of
    /// [a sum](Counts).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// #[qadapt::count_alloc]
    /// fn boxed() -> Box<u64> {
    ///     black_box(Box::new(7))
    /// }
    ///
    /// let boxed = [boxed(), boxed()];
    /// # let metrics = qadapt::metrics();
    /// # if let Some(region) = metrics.regions().first() {
    /// // The first of `qadapt::metrics().regions()`:
    /// assert_eq!(region.counts().bytes(), 16);
    /// # }
    /// # assert_eq!(metrics.regions().len(), usize::from(qadapt::is_active()));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.totals.calls.map_or(Counts::UNMEASURED, |(_, counts)| counts)
    }
}
