//! Futures for tests, and what a plain counting allocator sees of their polls.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use crate::reference::Ledger;

/// Is pending once, having woken its task.
#[derive(Debug, Default)]
pub struct Yield {
    pending_before: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.pending_before {
            return Poll::Ready(());
        }
        self.pending_before = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls once, with a waker that does nothing.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until it is ready; the future must not wait for anything else.
#[must_use]
pub fn finish<F: Future + ?Sized>(mut future: Pin<&mut F>) -> F::Output {
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

pin_project! {
    /// Keeps a ledger of all polls of a future, on whichever threads: to be compared with what the guard counts.
    ///
    /// The global allocator must forward to [`Counting`](crate::reference::Counting).
    #[derive(Debug)]
    pub struct Ledgered<F> {
        #[pin]
        inner: F,
        total: Ledger,
    }
}

impl<F: Future> Ledgered<F> {
    /// Keeps the ledger of this future.
    #[must_use]
    pub fn new(inner: F) -> Self {
        Self { inner, total: Ledger::default() }
    }
}

impl<F: Future> Future for Ledgered<F> {
    type Output = (Ledger, F::Output);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let poll = {
            let _aside = Aside::new(this.total);
            this.inner.poll(context)
        };
        poll.map(|output| (*this.total, output))
    }
}

/// Sets the thread's ledger aside; at the end adds what was seen to a total and puts it all back.
struct Aside<'a> {
    before: Ledger,
    total: &'a mut Ledger,
}

impl<'a> Aside<'a> {
    fn new(total: &'a mut Ledger) -> Self {
        let before = Ledger::now();
        Ledger::clear();
        Self { before, total }
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let seen = Ledger::now();
        *self.total = self.total.followed_by(seen);
        Ledger::restore(self.before.followed_by(seen));
    }
}
