//! Nothing of a pool is a violation in a region, under any runtime.
//!
//! Alone because its allocator is the guard. Where the build has no checks, this only shows that the pool works there.

use std::future::{Future, ready};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use qadapt::{Mode, Policy, QADAPT, assert_no_alloc, is_active};
use qadapt_pool::{BytePool, Bytes, Pool, PoolArc, PoolBox, PoolFuture, Shared};
use qadapt_tests::polled::{Yield, poll_once};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Panics where a poll touches the global allocator.
const STRICT: Policy = Policy::new().mode(Mode::Panic).name("pool");

static SMALL: Pool<Bytes<64>, 16> = Pool::new();
static LARGE: Pool<Bytes<2048>, 4> = Pool::new();
static MEMORY: BytePool<'static, 2> = BytePool::new([SMALL.class(), LARGE.class()]);

#[test]
fn the_guard_watches() {
    let outcome = catch_unwind(AssertUnwindSafe(|| assert_no_alloc(|| drop(black_box(Box::new(1_u8))))));
    assert_eq!(outcome.is_err(), is_active());
}

#[test]
fn boxes_slices_and_shared_values() {
    let pool = Pool::<Shared<u32>, 2>::new();
    let sum = assert_no_alloc(|| {
        let shared = pool.try_take().expect("it is free").share(5);
        let same = shared.clone();
        let number = MEMORY.try_box(7_u32).expect("it is free");
        let mut bytes = MEMORY.try_bytes(1500).expect("it is free");
        bytes.fill(1);
        bytes.truncate(100);
        let block = MEMORY.try_take(std::alloc::Layout::new::<[u32; 10]>()).expect("it is free");
        let squares =
            block.slice_with(10, |index| u32::try_from(index * index).expect("it fits")).expect("it fits");
        assert_eq!(PoolArc::owners(&same), 2);
        *shared + *number + u32::from(bytes[99]) + squares[9]
    });
    assert_eq!(sum, 5 + 7 + 1 + 81);
}

#[test]
fn futures_of_any_type() {
    fn answer(number: u32) -> PoolFuture<'static, u32> {
        let block = LARGE.try_take().expect("it is free").into_block();
        block.put(async move { number + 1 }).map_err(|_| "too large").expect("it fits").into_future_object()
    }
    let answer = assert_no_alloc(|| {
        let mut future = answer(41);
        poll_once(future.as_mut())
    });
    assert!(matches!(answer, Poll::Ready(42)));
}

#[test]
fn waiting_leaving_and_being_woken() {
    let pool = Pool::<u32, 1>::new();
    let counts = [(); 2].map(|()| Arc::new(Count::default()));
    assert_no_alloc(|| {
        let held = pool.try_box(1).expect("it is free");
        let mut first = pin!(pool.take());
        let mut second = pin!(pool.take_timeout(std::future::pending::<()>()));
        let mut third = pin!(pool.take_timeout(ready(())));
        assert!(poll(first.as_mut(), &counts[0]).is_pending());
        assert!(poll(second.as_mut(), &counts[1]).is_pending());
        assert!(poll(first.as_mut(), &counts[1]).is_pending());
        assert!(matches!(poll(third.as_mut(), &counts[0]), Poll::Ready(Err(_))));
        drop(held);
        assert!(poll(first.as_mut(), &counts[0]).is_ready());
        assert!(matches!(poll(second.as_mut(), &counts[0]), Poll::Ready(Ok(_))));
    });
    assert_eq!(counts.map(|count| count.0.load(Ordering::SeqCst)), [0, 2]);
}

/// What a task does: takes from a pool that has too few slots, and holds on over an `await`.
async fn work<const N: usize>(pool: &'static Pool<usize, N>, rounds: usize, done: &AtomicUsize) {
    for round in 0..rounds {
        let value = pool.take().await.put(round);
        Yield::default().await;
        assert_eq!(*value, round);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// A waker that counts how often it was called.
#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, count: &Arc<Count>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(count));
    future.poll(&mut Context::from_waker(&waker))
}

const TASKS: usize = 8;
const ROUNDS: usize = 500;

#[test]
fn tokio_with_several_threads() {
    static POOL: Pool<usize, 3> = Pool::new();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().expect("a runtime");
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..TASKS).map(|_| tokio::spawn(STRICT.wrap(work(&POOL, ROUNDS, &DONE)))).collect();
        for task in tasks {
            task.await.expect("no violation");
        }
    });
    assert_eq!(DONE.load(Ordering::Relaxed), TASKS * ROUNDS);
    assert_eq!(POOL.available(), 3);
}

#[test]
fn tokio_with_a_timer() {
    static POOL: Pool<usize, 1> = Pool::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let held = POOL.take().await.put(1);
        let timer = tokio::time::sleep(Duration::from_millis(5));
        STRICT
            .wrap(async {
                assert!(POOL.take_timeout(timer).await.is_err());
                assert!(!POOL.has_waiters(), "it has left");
            })
            .await;
        let timer = tokio::time::sleep(Duration::from_millis(5));
        let giver = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            drop(held);
        });
        STRICT.wrap(async { assert!(POOL.take_timeout(timer).await.is_ok()) }).await;
        giver.await.expect("no panic");
    });
}

#[test]
fn smol() {
    static POOL: Pool<usize, 2> = Pool::new();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    // smol's executor allocates when it queues a task up that was woken, now and then; so its tasks are watched while they
    // are polled and may be woken, but the executor's own queue is not.
    let executor = smol::Executor::new();
    thread::scope(|scope| {
        let (signal, shutdown) = smol::channel::unbounded::<()>();
        for _ in 0..2 {
            let (executor, shutdown) = (&executor, shutdown.clone());
            scope.spawn(move || smol::block_on(executor.run(shutdown.recv())));
        }
        let tasks: Vec<_> = (0..TASKS).map(|_| executor.spawn(work(&POOL, ROUNDS, &DONE))).collect();
        smol::block_on(async {
            for task in tasks {
                task.await;
            }
        });
        drop(signal);
    });
    let watched = STRICT.wrap(work(&POOL, ROUNDS, &DONE));
    smol::block_on(watched);
    assert_eq!(DONE.load(Ordering::Relaxed), (TASKS + 1) * ROUNDS);
    assert_eq!(POOL.available(), 2);
}

#[test]
fn futures_executor_on_several_threads() {
    static POOL: Pool<usize, 2> = Pool::new();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    // A thread's waker goes away with the thread, and whoever wakes it last would free it: so none ends before all are done.
    let all_done = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let work = || futures_executor::block_on(STRICT.wrap(work(&POOL, ROUNDS, &DONE)));
                let outcome = catch_unwind(AssertUnwindSafe(work));
                all_done.wait();
                outcome.unwrap_or_else(|panic| resume_unwind(panic));
            });
        }
    });
    assert_eq!(DONE.load(Ordering::Relaxed), 4 * ROUNDS);
    assert_eq!(POOL.available(), 2);
}

#[test]
fn a_box_goes_from_task_to_task() {
    static POOL: Pool<[u8; 64], 2> = Pool::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<PoolBox<'static, [u8; 64]>>(4);
    let sum = runtime.block_on(async {
        let sums = tokio::spawn(async move {
            let mut sum = 0;
            while let Some(bytes) = receiver.recv().await {
                sum += usize::from(bytes[0]);
            }
            sum
        });
        for number in 0..100 {
            let bytes = POOL.take().await.put([number; 64]);
            sender.send(bytes).await.expect("it listens");
        }
        drop(sender);
        sums.await.expect("no panic")
    });
    assert_eq!(sum, 99 * 50);
}

/// `async fn`s that hold a pool's future are `Send`, whatever lies in the pool.
#[test]
fn futures_can_go_to_other_threads() {
    fn can_go<T: Send>(_: T) {}
    static POOL: Pool<std::rc::Rc<()>, 1> = Pool::new();
    can_go(POOL.take());
    can_go(POOL.take_timeout(ready(())));
    can_go(MEMORY.take(std::alloc::Layout::new::<u8>()));
}
