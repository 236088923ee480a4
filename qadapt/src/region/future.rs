//! Futures whose every poll is a region.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{permit, plain};
use crate::model::Place;

pin_project! {
    /// A future that runs each poll of the inner one in a plain region.
    // The inner future comes first, so that a poll finds it where it finds this one.
    #[derive(Debug)]
    #[repr(C)]
    struct Guarded<F> {
        #[pin]
        inner: F,
        place: Place,
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        plain::no_alloc_at(this.place, || this.inner.poll(context))
    }
}

pin_project! {
    /// A future that runs each poll of the inner one in a permit.
    #[derive(Debug)]
    struct Permitted<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for Permitted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        permit::permit_alloc(|| this.inner.poll(context))
    }
}

/// What `#[allocate_panic]` makes of an `async fn`.
#[doc(hidden)]
#[inline]
pub fn guard_future<F: Future>(place: Place, inner: F) -> impl Future<Output = F::Output> {
    Guarded { inner, place }
}

/// What `#[permit_alloc]` makes of an `async fn`.
#[doc(hidden)]
#[inline]
pub fn permit_future<F: Future>(inner: F) -> impl Future<Output = F::Output> {
    Permitted { inner }
}
