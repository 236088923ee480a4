//! The runtimes, and what their tasks do.

use std::collections::HashSet;
use std::thread::{self, ThreadId};

use fastrand::Rng;
use qadapt::{Counts, GuardExt as _, Mode, Policy, is_active, permit_alloc, protection_level, violations};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::polled::{Ledgered, Yield};
use qadapt_tests::reference::Ledger;
use tokio::runtime::{Builder, Runtime};

pub(crate) const COUNT: Policy = Policy::new().mode(Mode::Count);
/// Its poll panics where it touches the allocator; said so, because the process's default could be another.
pub(crate) const PANIC: Policy = Policy::new().mode(Mode::Panic).name("task");

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_time().build().expect("a runtime")
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

/// What a task saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) threads: HashSet<ThreadId>,
    pub(crate) polls: usize,
}

/// Works for so many polls: takes memory, gives it back and lets it grow, at random; notes the thread of each poll in
/// `seen`, outside of the watch of whoever watches it.
pub(crate) async fn work(number: u64, polls: usize, seen: &mut Seen) {
    let mut random = Rng::with_seed(number);
    let mut kept = Vec::new();
    for _ in 0..polls {
        for _ in 0..random.usize(..4) {
            match random.usize(..4) {
                0 | 1 => kept.push(force_alloc(1 + random.usize(..200))),
                2 => {
                    if let Some(last) = kept.last_mut() {
                        last.reserve_exact(200 + random.usize(..200));
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
pub(crate) async fn exact_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen::default();
    let (counts, (ledger, ())) = Ledgered::new(work(number, polls, &mut seen)).count_alloc().await;
    assert_exact(&counts, ledger, "task", number);
    seen
}

#[track_caller]
pub(crate) fn assert_exact(counts: &Counts, ledger: Ledger, what: &str, number: u64) {
    assert_eq!(Ledger::of(counts), is_active().then_some(ledger), "{what} {number}");
}

/// Each poll in a region that panics: it must hold at each that it is protected, and take memory with a permit only.
pub(crate) async fn protected_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen { threads: HashSet::with_capacity(64), polls: 0 };
    PANIC
        .wrap(async {
            let mut random = Rng::with_seed(number);
            for _ in 0..polls {
                assert_eq!(protection_level(), usize::from(is_active()), "task {number}");
                if random.usize(..3) == 0 {
                    permit_alloc(|| alloc_and_free(1 + random.usize(..50)));
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
pub(crate) async fn violating_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen { threads: HashSet::with_capacity(64), polls: 0 };
    COUNT
        .wrap(async {
            let mut random = Rng::with_seed(number);
            for _ in 0..polls {
                let before = violations();
                let events = random.usize(..3);
                for _ in 0..events {
                    alloc_and_free(1 + random.usize(..50));
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
pub(crate) async fn free_work(number: u64, polls: usize) -> Seen {
    let mut seen = Seen::default();
    let mut random = Rng::with_seed(number);
    let mut kept = Vec::new();
    for _ in 0..polls {
        let before = violations();
        assert_eq!(protection_level(), 0, "neighbour {number}");
        kept.push(force_alloc(1 + random.usize(..100)));
        if random.usize(..2) == 0 {
            kept.clear();
        }
        seen.threads.insert(thread::current().id());
        seen.polls += 1;
        assert_eq!(violations(), before, "neighbour {number}");
        Yield::default().await;
    }
    seen
}

/// The report in a task's panic.
pub(crate) fn report(error: tokio::task::JoinError) -> String {
    let payload = error.into_panic();
    payload.downcast_ref::<String>().cloned().expect("a report is a text")
}
