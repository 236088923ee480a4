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
/// use std::pin::{Pin, pin};
/// use std::task::{Context, Poll};
///
/// use futures_sink::Sink;
/// use qadapt::Policy;
///
/// /// Adds up what it is sent.
/// struct Sum(u32);
///
/// impl Sink<u32> for Sum {
///     type Error = &'static str;
///
///     fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn start_send(mut self: Pin<&mut Self>, item: u32) -> Result<(), Self::Error> {
///         self.0 = self.0.checked_add(item).ok_or("too much")?;
///         Ok(())
///     }
///
///     fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// let mut guarded = pin!(Policy::new().name("sum").wrap(Sum(0)));
/// // Panics here if the sink allocated.
/// assert_eq!(guarded.as_mut().start_send(u32::MAX), Ok(()));
/// assert_eq!(guarded.as_mut().start_send(1), Err("too much"));
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
