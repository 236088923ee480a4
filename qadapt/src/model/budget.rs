//! Budgets: what a region may use before an event becomes a violation.

use core::fmt;

/// How much a region may ask of the allocator; without a limit where none is given.
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
    pub(crate) warm_up: u64,
}

impl Budget {
    /// No limit.
    #[must_use]
    pub const fn new() -> Self {
        Self { allocs: u64::MAX, requests: u64::MAX, bytes: u64::MAX, peak_bytes: u64::MAX, warm_up: 0 }
    }

    /// At most this many [allocations](crate::Counts::allocs). Reallocations have no limit by this, as they are not counted by
    /// that: see [`requests`](Self::requests).
    #[must_use]
    pub const fn allocs(self, calls: u64) -> Self {
        Self { allocs: calls, ..self }
    }

    /// At most this many [requests](crate::Counts::requests) for memory: allocations and reallocations, to whatever size.
    #[must_use]
    pub const fn requests(self, calls: u64) -> Self {
        Self { requests: calls, ..self }
    }

    /// At most this many bytes asked for, a reallocation by its new size.
    #[must_use]
    pub const fn bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// At most this many bytes live at once, counted from 0 at the region's entry.
    #[must_use]
    pub const fn peak_bytes(self, bytes: u64) -> Self {
        Self { peak_bytes: bytes, ..self }
    }

    /// The region's first entries in the process that are not held to the budget, while caches and buffers fill; deallocations
    /// are allowed in them, too, as a buffer that grows frees the old one. The region is told by its place in the source; after
    /// the first 4,000 places or so there is no warm-up.
    #[must_use]
    pub const fn warm_up(self, entries: u64) -> Self {
        Self { warm_up: entries, ..self }
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
    }
}
