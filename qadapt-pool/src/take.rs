//! Futures that end with a slot.
#![expect(unsafe_code, reason = "a ticket stands for memory")]

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::shelf::Shelf;
use crate::slot::Slot;
use crate::slots::Slots;
use crate::turn::Turn;

pin_project! {
    /// Waits for a slot of a [`Pool`](crate::Pool); made by [`Pool::take`](crate::Pool::take).
    ///
    /// Forgetting one that waits (only one that was pinned in memory that is forgotten with it can be) keeps its place:
    /// the slot that it is given stays taken.
    ///
    /// # Panics
    /// If polled again after it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, Take};
    ///
    /// let pool = Pool::<u64, 1>::new();
    /// let slot: Take<'_, u64> = pool.take();
    /// assert_eq!(pool.available(), 1, "nothing is taken before the first poll");
    /// assert_eq!(*futures_executor::block_on(slot).put(5), 5);
    /// ```
    #[must_use = "nothing is taken before the future is awaited"]
    pub struct Take<'p, T> {
        #[pin]
        turn: Turn<'p>,
        slots: Slots<'p, T>,
    }
}

impl<'p, T> Take<'p, T> {
    /// The slots are those of the shelf.
    #[inline]
    pub(crate) fn new(shelf: &'p Shelf, slots: Slots<'p, T>) -> Self {
        Self { turn: Turn::new(shelf), slots }
    }
}

impl<'p, T> Future for Take<'p, T> {
    type Output = Slot<'p, T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // SAFETY: the ticket is of the shelf that belongs to these slots, as `new` says.
        this.turn.poll(context).map(|ticket| unsafe { Slot::new(*this.slots, ticket) })
    }
}

impl<T> fmt::Debug for Take<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for a slot until a timer ends; made by [`Pool::take_timeout`](crate::Pool::take_timeout) and
    /// [`BytePool::take_timeout`](crate::BytePool::take_timeout).
    ///
    /// If both are ready at once, the slot wins.
    ///
    /// # Panics
    /// A poll after it has ended panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::future::{pending, ready};
    /// use qadapt_pool::Pool;
    ///
    /// # futures_executor::block_on(async {
    /// let pool = Pool::<u64, 1>::new();
    /// let slot = pool.take_timeout(ready(())).await.expect("the slot is free, and wins");
    /// assert!(pool.take_timeout(ready(())).await.is_err(), "the timer has ended");
    /// drop(slot);
    /// assert!(pool.take_timeout(pending::<()>()).await.is_ok());
    /// # });
    /// ```
    #[must_use = "nothing is taken before the future is awaited"]
    #[derive(Debug)]
    pub struct TakeTimeout<W, F> {
        #[pin]
        wait: Option<W>,
        #[pin]
        timer: F,
    }
}

impl<W, F> TakeTimeout<W, F> {
    #[inline]
    pub(crate) const fn new(wait: W, timer: F) -> Self {
        Self { wait: Some(wait), timer }
    }
}

impl<W: Future, F: Future> Future for TakeTimeout<W, F> {
    type Output = Result<W::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(wait) = this.wait.as_mut().as_pin_mut() else {
            panic!("a future of a pool was polled after its timer had ended")
        };
        if let Poll::Ready(slot) = wait.poll(context) {
            return Poll::Ready(Ok(slot));
        }
        ready!(this.timer.poll(context));
        this.wait.set(None);
        Poll::Ready(Err(Elapsed(())))
    }
}

/// The timer has ended before a slot was free.
///
/// # Examples
///
/// ```
/// use core::future::ready;
/// use qadapt_pool::Pool;
///
/// let pool = Pool::<u64, 0>::new();
/// let error = futures_executor::block_on(pool.take_timeout(ready(()))).expect_err("there is no slot");
/// assert_eq!(error.to_string(), "no slot of the pool was free in time");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no slot of the pool was free in time")
    }
}

impl Error for Elapsed {}
