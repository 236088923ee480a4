//! Tasks that do not come to their end: cancelled, aborted, shut down, panicked.

use std::future::pending;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use qadapt::{GuardExt as _, is_active, protection_level};
use qadapt_tests::force::leak;
use qadapt_tests::polled::{Ledgered, Yield};

use crate::tasks::{
    COUNT, PANIC, Seen, assert_exact, current_thread, exact_work, free_work, multi_thread, report, work,
};

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
                        assert!(report.contains(concat!(file!(), ":")), "{report}");
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
