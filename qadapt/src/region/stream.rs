//! Streams whose every poll is a region.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;

use super::guarded::Guarded;
use super::watch::Watch;

/// Each `poll_next` is a poll of the [`Guarded`] stream; a budget is one for the whole stream. Needs the feature
/// `futures-core`.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::pin::{Pin, pin};
/// use std::task::{Context, Poll, Waker};
///
/// use futures_core::Stream;
/// use qadapt::{Budget, Policy};
///
/// /// Counts down to 1.
/// struct Countdown(u32);
///
/// impl Stream for Countdown {
///     type Item = u32;
///
///     fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u32>> {
///         let now = self.0;
///         self.0 = now.saturating_sub(1);
///         Poll::Ready((now > 0).then_some(now))
///     }
/// }
///
/// let mut guarded = pin!(Policy::new().name("countdown").wrap(Countdown(2)));
/// let mut context = Context::from_waker(Waker::noop());
/// // Panics here if the stream allocated.
/// assert_eq!(guarded.as_mut().poll_next(&mut context), Poll::Ready(Some(2)));
/// assert_eq!(guarded.as_mut().poll_next(&mut context), Poll::Ready(Some(1)));
/// assert_eq!(guarded.as_mut().poll_next(&mut context), Poll::Ready(None));
/// ```
impl<T: Stream, W: Watch> Stream for Guarded<T, W> {
    type Item = W::Output<T::Item>;

    #[inline]
    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.as_mut().poll_inside(|inner| inner.poll_next(context)) {
            Poll::Ready(Some(item)) => Poll::Ready(Some(self.finish(item))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner().size_hint()
    }
}
