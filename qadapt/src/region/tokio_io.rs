//! tokio's readers and writers whose every poll is a region.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{IoSlice, Result};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::guarded::Guarded;
use super::watch::Watch;

/// Each `poll_read` is a poll of the [`Guarded`] reader. Needs the feature `tokio`.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// use qadapt::Policy;
/// use tokio::io::{AsyncRead, ReadBuf};
///
/// let mut guarded = pin!(Policy::new().name("request").wrap(&b"GET /"[..]));
/// let mut bytes = [0; 3];
/// let mut buffer = ReadBuf::new(&mut bytes);
/// // Panics here if the reader allocated.
/// let read = guarded.as_mut().poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
/// assert!(read.is_ready());
/// assert_eq!(buffer.filled(), b"GET");
/// ```
impl<T: AsyncRead, W: Watch> AsyncRead for Guarded<T, W> {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.poll_inside(|inner| inner.poll_read(context, buffer))
    }
}

/// Each call is a poll of the [`Guarded`] writer. Needs the feature `tokio`.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// use qadapt::Policy;
/// use tokio::io::AsyncWrite;
///
/// let mut guarded = pin!(Policy::new().name("response").wrap(Vec::with_capacity(16)));
/// // Panics here if the writer allocated: there is room enough.
/// let written = guarded.as_mut().poll_write(&mut Context::from_waker(Waker::noop()), b"200 OK");
/// assert!(matches!(written, Poll::Ready(Ok(6))));
/// ```
impl<T: AsyncWrite, W: Watch> AsyncWrite for Guarded<T, W> {
    #[inline]
    #[track_caller]
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.poll_inside(|inner| inner.poll_write(context, bytes))
    }

    #[inline]
    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_inside(|inner| inner.poll_flush(context))
    }

    #[inline]
    #[track_caller]
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_inside(|inner| inner.poll_shutdown(context))
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.poll_inside(|inner| inner.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner().is_write_vectored()
    }
}
