//! Guarded futures under executors: whatever they do with a task, its counts are those of a plain counting allocator,
//! and nothing reaches another task.
//!
//! Alone because its allocator is the guard around the plain counting one.

use std::collections::HashSet;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use qadapt::{
    Counts, GuardExt as _, Mode, Policy, Qadapt, is_active, permit_alloc, protection_level, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::polled::{Ledgered, Yield};
use qadapt_tests::random::Random;
use qadapt_tests::reference::{Counting, Ledger};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

const COUNT: Policy = Policy::new().mode(Mode::Count);
/// Its poll panics where it touches the allocator; said so, because the process's default could be another.
const PANIC: Policy = Policy::new().mode(Mode::Panic).name("task");

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_time().build().expect("a runtime")
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

/// What a task saw.
#[derive(Debug, Default)]
struct Seen {
    threads: HashSet<ThreadId>,
    polls: usize,
}

/// Works for so many polls: takes memory, gives it back and lets it grow, at random; notes the thread of each poll in
/// `seen`, outside of the watch of whoever watches it.
async fn work(number: u64, polls: usize, seen: &mut Seen) {
    let mut random = Random::new(number);
    let mut kept = Vec::new();
    for _ in 0..polls {
        for _ in 0..random.below(4) {
            match random.below(4) {
                0 | 1 => kept.push(force_alloc(1 + random.below(200))),
                2 => {
                    if let Some(last) = kept.last_mut() {
                        last.reserve_exact(200 + random.below(200));
                    }
                }
                _ => drop(kept.pop()),
            }
        }
        seen.threads.insert(thread::current().id());
        seen.polls += 1;
        Yield::default().await;
    }
}

/// The same, counted by the guard and by the ledger: asserts that they agree.
async fn exact_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen::default();
    let (counts, (ledger, ())) = Ledgered::new(work(number, polls, &mut seen)).count_alloc().await;
    assert_exact(&counts, ledger, "task", number);
    seen
}

#[track_caller]
fn assert_exact(counts: &Counts, ledger: Ledger, what: &str, number: u64) {
    assert_eq!(Ledger::of(counts), is_active().then_some(ledger), "{what} {number}");
}

/// Each poll in a region that panics: it must hold at each that it is protected, and take memory with a permit only.
async fn protected_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen { threads: HashSet::with_capacity(64), polls: 0 };
    PANIC
        .wrap(async {
            let mut random = Random::new(number);
            for _ in 0..polls {
                assert_eq!(protection_level(), usize::from(is_active()), "task {number}");
                if random.below(3) == 0 {
                    permit_alloc(|| alloc_and_free(1 + random.below(50)));
                }
                seen.threads.insert(thread::current().id());
                seen.polls += 1;
                Yield::default().await;
            }
        })
        .await;
    seen
}

/// What each poll disallows is counted on the thread of that poll.
async fn violating_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen { threads: HashSet::with_capacity(64), polls: 0 };
    COUNT
        .wrap(async {
            let mut random = Random::new(number);
            for _ in 0..polls {
                let before = violations();
                let events = random.below(3);
                for _ in 0..events {
                    alloc_and_free(1 + random.below(50));
                }
                let expected = if is_active() { 2 * events as u64 } else { 0 };
                assert_eq!(violations() - before, expected, "task {number}");
                seen.threads.insert(thread::current().id());
                seen.polls += 1;
                Yield::default().await;
            }
        })
        .await;
    seen
}

/// A neighbour: nobody watches it, and so nothing that it does is a violation.
async fn free_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen::default();
    let mut random = Random::new(number);
    let mut kept = Vec::new();
    for _ in 0..polls {
        let before = violations();
        assert_eq!(protection_level(), 0, "neighbour {number}");
        kept.push(force_alloc(1 + random.below(100)));
        if random.below(2) == 0 {
            kept.clear();
        }
        seen.threads.insert(thread::current().id());
        seen.polls += 1;
        assert_eq!(violations(), before, "neighbour {number}");
        Yield::default().await;
    }
    seen
}

/// Waves of tasks of different lengths: a worker that has run out of them steals those that others have begun.
#[test]
fn tasks_are_stolen_and_stay_exact() {
    const WAVES: u64 = 500;
    const TASKS: u64 = 64;
    const ENOUGH: usize = 100;

    let runtime = multi_thread();
    // Of each of the four kinds of task, those that were seen on two threads or more.
    let mut migrated = [0_usize; 4];
    for wave in 0..WAVES {
        let tasks = runtime.block_on(async {
            // Spawned by a task, and so all into one worker's queue.
            tokio::spawn(async move {
                (0..TASKS)
                    .map(|task| {
                        let number = wave * TASKS + task;
                        let polls = 1 + Random::new(number).below(200);
                        match task % 4 {
                            0 => tokio::spawn(exact_work(number, polls)),
                            1 => tokio::spawn(protected_work(number, polls)),
                            2 => tokio::spawn(violating_work(number, polls)),
                            _ => tokio::spawn(free_work(number, polls)),
                        }
                    })
                    .collect::<Vec<_>>()
            })
            .await
            .expect("it only spawns")
        });
        for (task, handle) in tasks.into_iter().enumerate() {
            let seen = runtime.block_on(handle).unwrap_or_else(|error| panic!("wave {wave}: {error}"));
            assert!(seen.polls > 0);
            migrated[task % 4] += usize::from(seen.threads.len() > 1);
        }
        if migrated.into_iter().all(|kind| kind >= ENOUGH) {
            break;
        }
    }
    println!("seen on two threads or more: {migrated:?}");
    assert!(migrated.into_iter().all(|kind| kind >= ENOUGH), "too few tasks migrated: {migrated:?}");
}

#[test]
fn tasks_of_one_thread_stay_exact() {
    let runtime = current_thread();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..40)
            .map(|number| match number % 4 {
                0 => tokio::spawn(exact_work(number, 50)),
                1 => tokio::spawn(protected_work(number, 50)),
                2 => tokio::spawn(violating_work(number, 50)),
                _ => tokio::spawn(free_work(number, 50)),
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.expect("it ends well").polls, 50);
        }
    });
    assert_eq!(protection_level(), 0);
}

#[test]
fn tasks_of_a_local_set_stay_exact() {
    let runtime = current_thread();
    let not_send = std::rc::Rc::new(std::cell::Cell::new(0));
    LocalSet::new().block_on(&runtime, async {
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let not_send = std::rc::Rc::clone(&not_send);
                tokio::task::spawn_local(async move {
                    let seen = match number % 2 {
                        0 => exact_work(number, 30).await,
                        _ => free_work(number, 30).await,
                    };
                    not_send.set(not_send.get() + seen.polls);
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it ends well");
        }
    });
    assert_eq!(not_send.get(), 600);
}

#[test]
fn both_sides_of_a_join_are_exact() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            // Polled in turn within the same polls of this task; one is watched, the other is not.
            let (exact, free, protected) =
                tokio::join!(exact_work(1, 40), free_work(2, 60), protected_work(3, 50));
            assert_eq!((exact.polls, free.polls, protected.polls), (40, 60, 50));
            // A join within one watched future.
            let mut seen = [Seen::default(), Seen::default()];
            let [first, second] = &mut seen;
            let joined = async { tokio::join!(work(4, 10, first), work(5, 20, second)) };
            let (counts, (ledger, _)) = Ledgered::new(joined).count_alloc().await;
            assert_exact(&counts, ledger, "joined", 4);
        });
    }
}

#[test]
fn the_loser_of_a_select_is_counted_up_to_its_end() {
    let runtime = current_thread();
    runtime.block_on(async {
        let mut loser = async {
            leak(21);
            Yield::default().await;
            leak(22);
            pending::<()>().await;
        }
        .count_alloc();
        let handle = loser.handle();
        tokio::select! {
            biased;
            _ = loser => unreachable!("it is pending for ever"),
            seen = free_work(1, 5) => assert_eq!(seen.polls, 5),
        }
        assert_eq!(protection_level(), 0);
        if is_active() {
            assert_eq!(handle.counts().bytes(), 43);
        }
        // A select within one watched future.
        let selects = async {
            let mut seen = [Seen::default(), Seen::default()];
            let [first, second] = &mut seen;
            tokio::select! {
                biased;
                () = work(7, 9, first) => 1,
                () = work(8, 4, second) => 2,
            }
        };
        let (counts, (ledger, winner)) = Ledgered::new(selects).count_alloc().await;
        assert_exact(&counts, ledger, "selected", 7);
        assert_eq!(winner, 2);
    });
}

#[test]
fn a_timeout_ends_a_watched_future() {
    // Time stands still but for the timers: no real time passes.
    let runtime = current_thread();
    runtime.block_on(async {
        let mut slow = async {
            leak(31);
            Yield::default().await;
            leak(32);
            pending::<()>().await;
        }
        .count_alloc();
        let handle = slow.handle();
        let ended = tokio::time::timeout(Duration::from_mins(1), COUNT.wrap(slow)).await;
        assert!(ended.is_err());
        if is_active() {
            assert_eq!(handle.counts().bytes(), 63);
        }
        let timed = tokio::time::timeout(Duration::from_mins(1), exact_work(2, 30)).await;
        assert_eq!(timed.expect("it never waits").polls, 30);
        // Inside the watched future: a timer's polls ask for nothing.
        let slept = PANIC.wrap(async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            protection_level()
        });
        assert_eq!(slept.await, usize::from(is_active()));
        assert_eq!(protection_level(), 0);
    });
}

/// Says when it is dropped, and at which level.
struct OnDrop(Arc<AtomicUsize>);

const NOT_DROPPED: usize = usize::MAX;

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(protection_level(), Ordering::Release);
    }
}

#[test]
fn an_aborted_task_is_dropped_outside_or_inside() {
    for inside in [false, true] {
        for runtime in [current_thread(), multi_thread()] {
            let level = Arc::new(AtomicUsize::new(NOT_DROPPED));
            let on_drop = OnDrop(Arc::clone(&level));
            let mut counted = async {
                leak(51);
                pending::<()>().await;
            }
            .count_alloc();
            let handle = counted.handle();
            let polled = Arc::new(AtomicBool::new(false));
            let polling = Arc::clone(&polled);
            let future = COUNT.wrap(async move {
                polling.store(true, Ordering::Release);
                counted.await;
                drop(on_drop);
            });
            runtime.block_on(async {
                let task = if inside { tokio::spawn(future.drop_inside()) } else { tokio::spawn(future) };
                while !polled.load(Ordering::Acquire) {
                    Yield::default().await;
                }
                task.abort();
                assert!(task.await.expect_err("aborted").is_cancelled());
            });
            assert_eq!(level.load(Ordering::Acquire), usize::from(inside && is_active()));
            if is_active() {
                assert_eq!(handle.counts().bytes(), 51);
            }
        }
    }
}

#[test]
fn a_runtime_that_shuts_down_drops_its_tasks_outside() {
    for runtime in [current_thread(), multi_thread()] {
        let levels: Vec<_> = (0..20)
            .map(|number| {
                let level = Arc::new(AtomicUsize::new(NOT_DROPPED));
                let on_drop = OnDrop(Arc::clone(&level));
                runtime.spawn(PANIC.wrap(async move {
                    for _ in 0..number {
                        Yield::default().await;
                    }
                    pending::<()>().await;
                    drop(on_drop);
                }));
                level
            })
            .collect();
        runtime.block_on(free_work(1, 30));
        drop(runtime);
        for level in levels {
            assert_eq!(level.load(Ordering::Acquire), 0, "dropped, and outside of its region");
        }
        assert_eq!(protection_level(), 0);
    }
}

/// The report in a task's panic.
fn report(error: tokio::task::JoinError) -> String {
    let payload = error.into_panic();
    payload.downcast_ref::<String>().cloned().expect("a report is a text")
}

#[test]
fn a_violating_task_panics_and_its_neighbours_go_on() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let neighbours: Vec<_> = (0..8).map(|number| tokio::spawn(free_work(number, 300))).collect();
            for poll in 1..4 {
                let task = tokio::spawn(PANIC.wrap(async move {
                    for _ in 1..poll {
                        Yield::default().await;
                    }
                    leak(77);
                    poll
                }));
                match task.await {
                    Ok(finished) => assert_eq!((finished, is_active()), (poll, false)),
                    Err(error) => {
                        let report = report(error);
                        assert!(report.contains("allocation of 77 bytes"), "{report}");
                        assert!(report.contains("tests/tests/async_runtimes.rs:"), "{report}");
                        let poll = format!("poll {poll} of the protected future `task`");
                        assert!(report.contains(&poll), "{report}");
                    }
                }
            }
            for neighbour in neighbours {
                assert_eq!(neighbour.await.expect("it is not protected").polls, 300);
            }
        });
    }
}

#[test]
fn a_panic_in_a_poll_leaves_the_worker_as_it_was() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            for round in 0..10_u32 {
                let task = tokio::spawn(
                    async move {
                        Yield::default().await;
                        panic_any(round);
                    }
                    .no_alloc(),
                );
                let payload = task.await.expect_err("it panics").into_panic();
                assert_eq!(payload.downcast_ref(), Some(&round), "its own panic");
                // On whichever worker that was.
                let others: Vec<_> = (0..8).map(|number| tokio::spawn(free_work(number, 5))).collect();
                for other in others {
                    other.await.expect("nothing is left open");
                }
            }
        });
    }
}

#[qadapt::allocate_panic]
async fn sum(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    for number in numbers {
        Yield::default().await;
        sum += number;
    }
    sum
}

#[qadapt::allocate_panic]
async fn collect(numbers: u64) -> Vec<u64> {
    Yield::default().await;
    std::hint::black_box((0..numbers).collect())
}

#[test]
fn the_attribute_works_in_tasks() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let task = tokio::spawn(async { sum(&[1, 2, 3]).await });
            assert_eq!(task.await.expect("it does not allocate"), 6);
            let task = tokio::spawn(collect(std::hint::black_box(9)));
            match task.await {
                Ok(numbers) => assert_eq!((numbers.len(), is_active()), (9, false)),
                Err(error) => {
                    let report = report(error);
                    assert!(report.contains("allocation of 72 bytes"), "{report}");
                    assert!(report.contains("poll 2 of the protected future `"), "{report}");
                    assert!(report.contains("collect"), "{report}");
                }
            }
        });
    }
}

/// Drives the four kinds of work with an executor's `block_on`.
fn drive(block_on: impl Fn(&mut dyn FnMut() -> Driven) -> Seen) {
    for number in 0..8 {
        let mut make = || -> Driven {
            match number % 4 {
                0 => Box::pin(exact_work(number, 40)),
                1 => Box::pin(protected_work(number, 40)),
                2 => Box::pin(violating_work(number, 40)),
                _ => Box::pin(free_work(number, 40)),
            }
        };
        assert_eq!(block_on(&mut make).polls, 40);
        assert_eq!(protection_level(), 0);
    }
}

type Driven = std::pin::Pin<Box<dyn Future<Output = Seen> + Send>>;

#[test]
fn futures_executor_stays_exact() {
    drive(|make| futures_executor::block_on(make()));
    let violates = || PANIC.wrap(async { leak(78) });
    let caught = catch_unwind(AssertUnwindSafe(|| futures_executor::block_on(violates())));
    assert_eq!(caught.is_err(), is_active());
}

#[test]
fn smol_stays_exact() {
    drive(|make| smol::block_on(make()));
    // On the threads of its own executor, with neighbours.
    let executor = Arc::new(smol::Executor::new());
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (executor, stopped) = (Arc::clone(&executor), stopped.clone());
            thread::spawn(move || {
                smol::block_on(executor.run(async { assert!(stopped.recv().await.is_err()) }));
            })
        })
        .collect();
    let tasks: Vec<_> = (0..60)
        .map(|number| match number % 4 {
            0 => executor.spawn(exact_work(number, 60)),
            1 => executor.spawn(protected_work(number, 60)),
            2 => executor.spawn(violating_work(number, 60)),
            _ => executor.spawn(free_work(number, 60)),
        })
        .collect();
    for task in tasks {
        assert_eq!(smol::block_on(task).polls, 60);
    }
    drop(stop);
    for thread in threads {
        thread.join().expect("it ends well");
    }
}
