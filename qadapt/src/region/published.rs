//! The counts of a future as others see them.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use qadapt_spin::Lock;

use crate::model::Counts;

/// Attempts to take the lock that a future shares with its handles; it is only held for a copy.
const PATIENCE: u32 = 10_000;

/// What a future tells its handles.
#[derive(Debug)]
pub(super) struct Published {
    counts: Lock<Counts>,
    /// The future knows more, and could not say it. Relaxed: only whether; the lock orders the counts.
    is_behind: AtomicBool,
}

impl Published {
    pub(super) const fn new(counts: Counts) -> Self {
        Self { counts: Lock::new(counts), is_behind: AtomicBool::new(false) }
    }

    /// Replaces what the handles read.
    pub(super) fn publish(&self, counts: Counts) {
        let published = self.counts.lock_within(PATIENCE).map(|mut shared| *shared = counts);
        self.is_behind.store(published.is_none(), Ordering::Relaxed);
    }

    fn counts(&self) -> Counts {
        let counts = self.counts.lock_within(PATIENCE).map(|counts| *counts);
        counts.filter(|_| !self.is_behind.load(Ordering::Relaxed)).unwrap_or(Counts::UNMEASURED)
    }
}

/// The counts of a future as far as it has been polled: from [`Guarded::handle`](crate::Guarded::handle).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::GuardExt as _;
/// # use std::{future::{Future, pending}, pin::pin, task::{Context, Waker}};
///
/// let mut never = async {
///     let _buffer = vec![0_u8; 32];
///     pending::<()>().await;
/// }
/// .count_alloc();
/// let handle = never.handle();
/// {
///     let mut never = pin!(never);
///     let _ = never.as_mut().poll(&mut Context::from_waker(Waker::noop()));
///     // Cancelled here.
/// }
/// if handle.counts().is_measured() {
///     assert_eq!(handle.counts().bytes(), 32);
/// }
/// ```
#[derive(Clone)]
pub struct CountsHandle {
    published: Arc<Published>,
}

impl CountsHandle {
    pub(super) fn of(published: Arc<Published>) -> Self {
        Self { published }
    }

    /// What all polls so far asked of the allocator. Where another thread is at them at this very moment, so that they cannot be
    /// read, and where the last poll could not tell what it did because somebody read them then, they are unmeasured.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{hint::black_box, pin::pin, task::{Context, Waker}};
    ///
    /// let mut future = async { drop(black_box(Box::new(7_u64))) }.count_alloc();
    /// let handle = future.handle();
    /// # assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// // future.await
    /// assert_eq!(handle.counts().events().get(), qadapt::is_active().then_some(2));
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.published.counts()
    }
}

impl fmt::Debug for CountsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountsHandle").field("counts", &self.counts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_could_not_be_told_are_unmeasured_until_the_next_are() {
        let published = Published::new(Counts::NOTHING);
        assert!(published.counts().is_measured());

        let reader = published.counts.lock_within(PATIENCE);
        published.publish(Counts::NOTHING);
        drop(reader);
        assert!(!published.counts().is_measured());

        published.publish(Counts::NOTHING);
        assert!(published.counts().is_measured());
    }
}
