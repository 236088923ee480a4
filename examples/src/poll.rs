//! The least that it takes to run a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Is pending once, having woken its task: a stand-in for waiting.
#[derive(Debug, Default)]
pub struct Pause {
    paused: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.paused {
            return Poll::Ready(());
        }
        self.paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls a future until it is ready, without a runtime and without memory of its own.
///
/// It does not sleep in between: the future must not wait for anything from outside.
#[must_use]
pub fn finish<F: Future + ?Sized>(mut future: Pin<&mut F>) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[test]
    fn a_pause_takes_two_polls_and_no_memory() {
        let (counts, output) = qadapt::count_alloc(|| {
            finish(pin!(async {
                Pause::default().await;
                3
            }))
        });
        assert_eq!(output, 3);
        assert!(!counts.is_measured() || counts.allocs() == 0);
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(Pause::default()).poll(&mut context).is_pending());
    }
}
