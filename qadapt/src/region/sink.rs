//! Sinks whose every poll is a region.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_sink::Sink;

use super::guarded::Guarded;
use super::watch::Watch;

/// Each call is a poll of the [`Guarded`] sink, `start_send` too. Needs the feature `futures-sink`.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::collections::VecDeque;
/// use std::pin::pin;
///
/// use futures_sink::Sink;
/// use qadapt::Policy;
///
/// // A queue with room for two: it does not grow while the guard watches.
/// let queue: VecDeque<u32> = VecDeque::with_capacity(2);
/// let mut guarded = pin!(Policy::new().name("queue").wrap(queue));
/// assert_eq!(guarded.as_mut().start_send(1), Ok(()));
/// assert_eq!(guarded.as_mut().start_send(2), Ok(()));
/// ```
impl<T: Sink<Item>, W: Watch, Item> Sink<Item> for Guarded<T, W> {
    type Error = T::Error;

    #[inline]
    #[track_caller]
    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.poll_inside(|inner| inner.poll_ready(context))
    }

    #[inline]
    #[track_caller]
    fn start_send(self: Pin<&mut Self>, item: Item) -> Result<(), T::Error> {
        self.poll_inside(|inner| inner.start_send(item))
    }

    #[inline]
    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.poll_inside(|inner| inner.poll_flush(context))
    }

    #[inline]
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.poll_inside(|inner| inner.poll_close(context))
    }
}
