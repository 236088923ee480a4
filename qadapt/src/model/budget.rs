//! Budgets: what a region may use before an event becomes a violation.

use core::fmt;

/// How much a region may ask of the allocator, and of the kernel; without a limit where none is given.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Budget, Policy};
///
/// const ONE_SMALL_BUFFER: Policy = Policy::new().budget(Budget::new().requests(1).bytes(64));
///
/// let name = ONE_SMALL_BUFFER.run(|| String::from("within the budget"));
/// assert_eq!(name.len(), 17);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub(crate) allocs: u64,
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) peak_bytes: u64,
    /// Half a word for each of these: each wrapped future holds a budget.
    pub(crate) warm_up: u32,
    pub(crate) calls: u32,
}

impl Budget {
    /// What stands for no number of calls.
    pub(crate) const NO_CALLS_GIVEN: u32 = u32::MAX;

    /// No limit.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Budget;
    ///
    /// assert_eq!(Budget::new().to_string(), "no limit");
    /// assert_eq!(Budget::new().requests(2).bytes(64).to_string(), "at most 2 requests, 64 bytes");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            allocs: u64::MAX,
            requests: u64::MAX,
            bytes: u64::MAX,
            peak_bytes: u64::MAX,
            warm_up: 0,
            calls: Self::NO_CALLS_GIVEN,
        }
    }

    /// At most this many [allocations](crate::Counts::allocs). Reallocations have no limit by this, as they are not counted by
    /// that: see [`requests`](Self::requests).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// const ONE: Policy = Policy::new().budget(Budget::new().allocs(1)).mode(Mode::Count);
    /// let boxes = ONE.run(|| [black_box(Box::new(1)), black_box(Box::new(2))]);
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop(boxes);
    /// ```
    #[must_use]
    pub const fn allocs(self, calls: u64) -> Self {
        Self { allocs: calls, ..self }
    }

    /// At most this many [requests](crate::Counts::requests) for memory: allocations and reallocations, to whatever size.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// const ONE: Policy = Policy::new().budget(Budget::new().requests(1)).mode(Mode::Count);
    /// ONE.run(|| {
    ///     let mut list = black_box(vec![1]); // within the budget
    ///     list.reserve_exact(1); // a reallocation beyond it
    ///     std::mem::forget(list);
    /// });
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// ```
    #[must_use]
    pub const fn requests(self, calls: u64) -> Self {
        Self { requests: calls, ..self }
    }

    /// At most this many bytes asked for, a reallocation by its new size.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// const SMALL: Policy = Policy::new().budget(Budget::new().bytes(64)).mode(Mode::Count);
    /// let texts = SMALL.run(|| [48, 48].map(|bytes| black_box(String::with_capacity(bytes))));
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop(texts);
    /// ```
    #[must_use]
    pub const fn bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// At most this many bytes live at once, counted from 0 at the region's entry.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Ops, Policy};
    /// use std::hint::black_box;
    ///
    /// const SMALL: Policy =
    ///     Policy::new().budget(Budget::new().peak_bytes(64)).allow(Ops::DEALLOC).mode(Mode::Count);
    /// SMALL.run(|| [48, 48].map(|bytes| drop(black_box(String::with_capacity(bytes)))));
    /// assert_eq!(qadapt::take_violations(), 0);
    /// let texts = SMALL.run(|| [48, 48].map(|bytes| black_box(String::with_capacity(bytes))));
    /// assert_eq!(qadapt::take_violations(), u64::from(qadapt::is_active()));
    /// # drop(texts);
    /// ```
    #[must_use]
    pub const fn peak_bytes(self, bytes: u64) -> Self {
        Self { peak_bytes: bytes, ..self }
    }

    /// At most this many system calls in which the thread may wait, of those that the policy does not
    /// [allow](crate::Policy::allow_calls). The region watches them, as with
    /// [`Policy::no_blocking`](crate::Policy::no_blocking); where no number is given, the first call is a violation in a region that
    /// disallows them. A budget of calls and nothing else leaves allocation as the policy has it. From 4,294,967,295 on the number is
    /// that.
    ///
    /// # Examples
    /// Sleeps are allowed, and two other calls:
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Calls, Mode, Policy};
    /// use std::thread;
    ///
    /// const TWO: Policy = Policy::no_blocking()
    ///     .allow_calls(Calls::SLEEP)
    ///     .budget(Budget::new().calls(2))
    ///     .mode(Mode::Count);
    ///
    /// TWO.run(|| {
    ///     thread::sleep(std::time::Duration::from_micros(1));
    ///     thread::yield_now();
    ///     thread::yield_now();
    /// });
    /// assert_eq!(qadapt::violations(), 0);
    /// TWO.run(|| (0..3).for_each(|_| thread::yield_now()));
    /// assert_eq!(qadapt::violations(), u64::from(qadapt::is_blocking_watched()));
    /// ```
    #[must_use]
    pub const fn calls(self, calls: u64) -> Self {
        let most = Self::NO_CALLS_GIVEN - 1;
        #[expect(clippy::cast_possible_truncation, reason = "it has been compared; `try_from` is not const")]
        let calls = if calls > most as u64 { most } else { calls as u32 };
        Self { calls, ..self }
    }

    /// True if a number of calls is given.
    pub(crate) const fn limits_calls(&self) -> bool {
        self.calls != Self::NO_CALLS_GIVEN
    }

    /// True if it is calls that are limited, and nothing that is asked of the allocator.
    pub(crate) const fn is_of_calls_alone(&self) -> bool {
        let is_limited = self.allocs != u64::MAX
            || self.requests != u64::MAX
            || self.bytes != u64::MAX
            || self.peak_bytes != u64::MAX;
        self.limits_calls() && !is_limited
    }

    /// The region's first entries in the process that are not held to the budget, while caches and buffers fill; deallocations
    /// are allowed in them, too, as a buffer that grows frees the old one. Those that [`sample`](crate::Policy::sample) leaves out are entries, too.
    /// The region is told by its place in the source and its name; after the first 4,000 places or so there is no warm-up. From 4,294,967,295 on the number is that.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Mode, Policy};
    ///
    /// const TICK: Policy =
    ///     Policy::new().name("tick").budget(Budget::new().requests(0).warm_up(1)).mode(Mode::Count);
    /// let mut values = Vec::new();
    /// for value in [1.0, 2.0, 3.0, 4.0] {
    ///     TICK.run(|| values.push(value)); // only the first one allocates
    /// }
    /// assert_eq!(qadapt::take_violations(), 0);
    /// ```
    #[must_use]
    pub const fn warm_up(self, entries: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "it has been compared; `try_from` is not const")]
        let warm_up = if entries > u32::MAX as u64 { u32::MAX } else { entries as u32 };
        Self { warm_up, ..self }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = [
            (self.allocs, "allocs"),
            (self.requests, "requests"),
            (self.bytes, "bytes"),
            (self.peak_bytes, "peak bytes"),
            (if self.limits_calls() { self.calls.into() } else { u64::MAX }, "blocking calls"),
        ];
        let mut separator = "at most ";
        for (limit, unit) in limits.into_iter().filter(|&(limit, _)| limit != u64::MAX) {
            write!(f, "{separator}{limit} {unit}")?;
            separator = ", ";
        }
        if separator == "at most " { f.write_str("no limit") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_given_limits_are_printed() {
        assert_eq!(Budget::new().to_string(), "no limit");
        assert_eq!(Budget::new().requests(2).peak_bytes(9).to_string(), "at most 2 requests, 9 peak bytes");
        assert_eq!(Budget::new().allocs(0).bytes(1).to_string(), "at most 0 allocs, 1 bytes");
        assert_eq!(Budget::new().calls(0).to_string(), "at most 0 blocking calls");
        assert_eq!(Budget::new().calls(u64::MAX).to_string(), "at most 4294967294 blocking calls");
    }

    /// Each wrapped future holds one.
    #[test]
    fn a_number_of_calls_takes_no_more_room() {
        assert_eq!(size_of::<Budget>(), 5 * size_of::<u64>());
    }

    #[test]
    fn calls_are_limited_apart_from_memory() {
        assert!(!Budget::new().limits_calls() && !Budget::new().is_of_calls_alone());
        assert!(Budget::new().calls(3).is_of_calls_alone());
        assert!(Budget::new().calls(u64::MAX).warm_up(u64::MAX).is_of_calls_alone());
        for both in [
            Budget::new().calls(3).allocs(1),
            Budget::new().calls(3).requests(1),
            Budget::new().calls(3).bytes(1),
            Budget::new().calls(3).peak_bytes(1),
        ] {
            assert!(both.limits_calls() && !both.is_of_calls_alone());
        }
    }
}
