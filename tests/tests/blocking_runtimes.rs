//! Runtimes and libraries whose work does not wait: no call of theirs is a violation.
//!
//! Alone in its process because every thread's violations count. `QUIET_SECONDS` asks for more than a second of each.
#![cfg(target_os = "linux")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use crossbeam_deque::{Injector, Steal};
use qadapt::{Calls, GuardExt as _, Mode, Policy, QADAPT};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNT: Policy = Policy::no_blocking().mode(Mode::Count);

fn time() -> Duration {
    let seconds = env::var("QUIET_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// True where there is something to see; the process's mode says each violation.
fn watched() -> bool {
    let is_watched = qadapt::is_blocking_watched();
    if !is_watched {
        println!("passed over: blocking calls are not watched here");
    }
    qadapt::set_mode(Mode::Log);
    is_watched
}

/// Violations that threads of a runtime have seen.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Runs a part of somebody's work, and adds what is seen in it.
fn counting<R>(body: impl FnOnce() -> R) -> R {
    counting_but(Calls::NONE, body)
}

/// The same, but for some calls.
fn counting_but<R>(allowed: Calls, body: impl FnOnce() -> R) -> R {
    let before = qadapt::violations();
    let result = Policy::no_blocking().allow_calls(allowed).run(body);
    SEEN.fetch_add(qadapt::violations() - before, Ordering::Relaxed);
    result
}

/// One task of each kind that tokio has for work that does not wait.
async fn serve(number: u64) -> u64 {
    let (sender, mut receiver) = mpsc::channel(4);
    let (tell, told) = oneshot::channel();
    let notify = Arc::new(Notify::new());
    let shared = Arc::new(Mutex::new(0));
    let (notified, other) = (Arc::clone(&notify), Arc::clone(&shared));
    let helper = tokio::spawn(
        async move {
            for value in 0..16 {
                sender.send(value).await.expect("somebody listens");
                *other.lock().await += value;
                tokio::task::yield_now().await;
            }
            notified.notify_one();
            tell.send(number).expect("somebody listens");
        }
        .no_blocking(),
    );
    let mut sum = 0;
    while let Some(value) = receiver.recv().await {
        sum += value;
    }
    notify.notified().await;
    tokio::time::sleep(Duration::from_micros(100)).await;
    helper.await.expect("no panic");
    let text = format!("{sum} {}", black_box(vec![number; 100]).len());
    sum + told.await.expect("told") + *shared.lock().await + u64::try_from(text.len()).unwrap_or(0)
}

/// A connection to itself.
async fn echo() -> u8 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(
        async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut byte = [0];
            stream.read_exact(&mut byte).await.expect("connected");
            stream.write_all(&byte).await.expect("connected");
        }
        .no_blocking(),
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    stream.write_all(&[7]).await.expect("connected");
    let mut byte = [0];
    stream.read_exact(&mut byte).await.expect("connected");
    server.await.expect("no panic");
    byte[0]
}

#[test]
fn tasks_that_do_not_wait_are_quiet() {
    if !watched() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let end = Instant::now() + time();
    let before = reported();
    let mut rounds = 0;
    while Instant::now() < end {
        let sums = runtime.block_on(async {
            let tasks: Vec<_> = (0..32).map(|number| tokio::spawn(serve(number).no_blocking())).collect();
            let connection = tokio::spawn(echo().no_blocking());
            let mut sum = 0;
            for task in tasks {
                sum += task.await.expect("no panic");
            }
            assert_eq!(connection.await.expect("no panic"), 7);
            sum
        });
        assert!(sums > 0);
        rounds += 1;
    }
    println!("{rounds} rounds of 65 tasks");
    assert_eq!(reported(), before, "the reports say what waited");
}

/// Reports so far: what is logged on any thread.
fn reported() -> u64 {
    static REPORTS: AtomicU64 = AtomicU64::new(0);
    static SET: std::sync::Once = std::sync::Once::new();
    SET.call_once(|| {
        qadapt::set_violation_hook(|violation| {
            // A wait for a lock of tokio's own, which another of its threads holds, is no false alarm: the thread does wait. The
            // tasks here have no other lock.
            let is_lock = violation.system_call().is_some_and(|call| call.class() == Calls::LOCK);
            if !is_lock {
                REPORTS.fetch_add(violation.times(), Ordering::Relaxed);
            }
        });
    });
    REPORTS.load(Ordering::Relaxed)
}

#[test]
fn parallel_iterators_and_queues_are_quiet() {
    if !watched() {
        return;
    }
    let end = Instant::now() + time();
    while Instant::now() < end {
        let sum: u64 = (0..256_u64)
            .into_par_iter()
            .map(|number| counting(|| (0..number).fold(number, |sum, next| sum ^ black_box(next))))
            .sum();
        assert!(black_box(sum) > 0);
        // Inside the pool: whoever waits for its parts there works meanwhile.
        rayon::join(|| counting(|| black_box(vec![1; 1000])), || counting(|| black_box(vec![2; 1000])));
        let queue = Injector::new();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    // Who finds another thread in the midst of a push yields to it, which is a wait.
                    counting_but(Calls::YIELD, || {
                        (0..1000).for_each(|number| queue.push(number));
                        let mut taken = 0;
                        while taken < 1000 {
                            match queue.steal() {
                                Steal::Success(_) => taken += 1,
                                Steal::Empty => break,
                                Steal::Retry => {}
                            }
                        }
                    });
                });
            }
        });
        COUNT.run(|| black_box(()));
    }
    assert_eq!(SEEN.load(Ordering::Relaxed), 0, "the reports say what waited");
}
