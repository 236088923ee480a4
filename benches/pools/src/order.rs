//! In which order waiters are served, and how many of them a slot wakes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::Semaphore;

const WAITERS: usize = 8;

/// What became of eight waiters.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    /// Their numbers in the order in which they were served; after each slot, who was woken is polled, the last one first.
    pub(crate) order: Vec<usize>,
    /// How many wakers were called for each slot that was given back.
    pub(crate) wakes: f64,
}

/// Boxes in which one slot is held, as a guard that gives it back when it is dropped.
type Held = Box<dyn Send>;
type Waiting = Pin<Box<dyn Future<Output = Option<Held>> + Send>>;

static POOL: qadapt_pool::Pool<u64, 1> = qadapt_pool::Pool::new();
async_pool::pool!(AsyncPool: [u64; 1], 8);
static PERMITS: Semaphore = Semaphore::const_new(1);

pub(crate) fn all() -> [Outcome; 3] {
    [
        outcome("qadapt-pool", || Box::pin(async { Some(Box::new(POOL.take().await.put(0)) as Held) })),
        outcome("async-pool 1.3", || {
            Box::pin(async {
                let taken = async_pool::Box::<AsyncPool>::new_async(0).await;
                taken.map(|taken| Box::new(taken) as Held)
            })
        }),
        outcome("tokio Semaphore", || {
            Box::pin(async { PERMITS.acquire().await.ok().map(|permit| Box::new(permit) as Held) })
        }),
    ]
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn outcome(name: &'static str, wait: impl Fn() -> Waiting) -> Outcome {
    let poll = |waiting: &mut Waiting, count: &Arc<Count>| {
        let waker = Waker::from(Arc::clone(count));
        match waiting.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(held) => held,
            Poll::Pending => None,
        }
    };
    let mut held = poll(&mut wait(), &Arc::default());
    let mut waiters: Vec<(usize, Waiting, Arc<Count>)> =
        (0..WAITERS).map(|number| (number, wait(), Arc::default())).collect();
    for (_, waiting, count) in &mut waiters {
        held = poll(waiting, count).or(held);
    }
    let (mut order, mut wakes) = (Vec::new(), 0);
    while !waiters.is_empty() {
        drop(held.take());
        let mut served = None;
        for (index, (number, waiting, count)) in waiters.iter_mut().enumerate().rev() {
            let woken = count.0.swap(0, Ordering::SeqCst);
            wakes += woken;
            if woken > 0 && held.is_none() {
                held = poll(waiting, count);
                if held.is_some() {
                    served = Some(index);
                    order.push(*number);
                }
            } else if woken > 0 {
                // Woken in vain; it waits again.
                poll(waiting, count);
            }
        }
        let Some(index) = served else { break };
        drop(waiters.remove(index));
    }
    Outcome { name, order, wakes: wakes as f64 / WAITERS as f64 }
}
