//! Which requests are watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Picks one in so many requests, the first included; its clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Sampling {
    every: u64,
    requests: Arc<AtomicU64>,
}

impl Sampling {
    /// With 0 or 1 every request is picked.
    pub(crate) fn every(every: u64) -> Self {
        Self { every, requests: Arc::default() }
    }

    /// True if this request is picked.
    pub(crate) fn picks(&self) -> bool {
        // Relaxed: the number itself is all that matters.
        self.every <= 1 || self.requests.fetch_add(1, Ordering::Relaxed) % self.every == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Sampling;

    #[test]
    fn one_in_so_many_is_picked() {
        for (every, expected) in [
            (0, [true; 6]),
            (1, [true; 6]),
            (2, [true, false, true, false, true, false]),
            (4, [true, false, false, false, true, false]),
        ] {
            let sampling = Sampling::every(every);
            let other = sampling.clone();
            let seen = [&sampling, &other, &other, &sampling, &sampling, &other].map(Sampling::picks);
            assert_eq!(seen, expected, "one in {every}");
        }
    }
}
