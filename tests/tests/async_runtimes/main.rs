//! Guarded futures under executors: whatever they do with a task, its counts are those of a plain counting allocator,
//! and nothing reaches another task.
//!
//! Alone because its allocator is the guard around the plain counting one.

mod ends;
mod tasks;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use fastrand::Rng;
use qadapt::{GuardExt as _, Qadapt, is_active, protection_level};
use qadapt_tests::force::leak;
use qadapt_tests::polled::{Ledgered, Yield};
use qadapt_tests::reference::Counting;
use tokio::task::LocalSet;

use crate::tasks::{
    PANIC, Seen, assert_exact, current_thread, exact_work, free_work, multi_thread, protected_work, report,
    violating_work, work,
};

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

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
                        let polls = 1 + Rng::with_seed(number).usize(..200);
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
