//! What the executor makes once.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Runtime;
use tokio::task::{JoinError, yield_now};

/// Makes room for `tasks` tasks in a list that each of the runtime's `threads` threads has: of those that gave way, as tokio has a task do
/// after 128 steps in one poll. The list is made, and grows, when it is needed first, which under load can be long after the warm-up.
///
/// # Errors
/// If one of them panicked.
pub fn prepare_threads(runtime: &Runtime, threads: usize, tasks: usize) -> Result<(), JoinError> {
    let all = Arc::new(Barrier::new(threads));
    let prepared: Vec<_> = (0..threads)
        .map(|_| {
            let all = Arc::clone(&all);
            runtime.spawn(async move {
                // Holds this thread, so that each has one of these.
                all.wait();
                give_way(tasks).await;
            })
        })
        .collect();
    runtime.block_on(async {
        for prepared in prepared {
            prepared.await?;
        }
        Ok(())
    })
}

/// Gives way as so many tasks would. One after the other that is the same is noted once.
async fn give_way(tasks: usize) {
    poll_fn(|context| {
        for number in 0..tasks {
            let waker = if number % 2 == 0 { context.waker() } else { Waker::noop() };
            let _ = pin!(yield_now()).poll(&mut Context::from_waker(waker));
        }
        Poll::Ready(())
    })
    .await;
}
