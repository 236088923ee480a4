//! Policies lent to rayon's workers and to tokio's blocking threads, with counts held against a plain counting allocator.
//!
//! Alone because its allocator is the guard around the plain counting one.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use fastrand::Rng;
use qadapt::{
    Counts, GuardExt as _, Mode, Policy, PolicyToken, Qadapt, count_alloc, permit_alloc, take_violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::reference::{Counting, Ledger};
use qadapt_tests::watching;
use rayon::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

const COUNT: Policy = Policy::new().mode(Mode::Count);
const PANIC: Policy = Policy::new().mode(Mode::Panic).name("served");

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
}

fn report_of(body: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(body)).err()?;
    Some(*payload.downcast::<String>().expect("the guard panics with text"))
}

/// What this thread asked for in the closure, by the plain allocator's own books.
fn booked(body: impl FnOnce()) -> [u64; 5] {
    let before = Ledger::now();
    body();
    let after = Ledger::now();
    [
        after.allocs - before.allocs,
        after.reallocs - before.reallocs,
        after.deallocs - before.deallocs,
        after.allocated - before.allocated,
        after.freed - before.freed,
    ]
}

fn figures(counts: &Counts) -> Option<[u64; 5]> {
    Some([
        counts.allocs().get()?,
        counts.reallocs().get()?,
        counts.deallocs().get()?,
        counts.bytes().get()?,
        counts.freed_bytes().get()?,
    ])
}

/// Some random use of the allocator.
fn churn(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let mut blocks = Vec::new();
    for _ in 0..random.usize(..20) {
        match random.usize(..3) {
            0 => alloc_and_free(1 + random.usize(..500)),
            1 => blocks.push(force_alloc(1 + random.usize(..500))),
            _ => drop(blocks.pop()),
        }
    }
}

/// Sums that any thread can add to.
#[derive(Default)]
struct Sums([AtomicU64; 5]);

impl Sums {
    fn add(&self, figures: [u64; 5]) {
        for (sum, figure) in self.0.iter().zip(figures) {
            sum.fetch_add(figure, Ordering::Relaxed);
        }
    }

    fn get(&self) -> [u64; 5] {
        [0, 1, 2, 3, 4].map(|index: usize| self.0[index].load(Ordering::Relaxed))
    }
}

#[test]
fn rayons_workers_add_up() {
    if !watching("rayon's workers") {
        return;
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("a pool");
    for round in 0..200 {
        let sums = Sums::default();
        let work = |token: PolicyToken, seed: u64| sums.add(booked(|| token.run(|| churn(seed))));
        // All that the lender's own thread asks for is rayon's, and booked too.
        let mut own = [0; 5];
        let (counts, ()) = count_alloc(|| {
            let token = Policy::current();
            own = booked(|| {
                pool.install(|| (0..32_u64).into_par_iter().for_each(|part| work(token, round * 32 + part)));
            });
        });
        sums.add(own);
        assert_eq!(figures(&counts), Some(sums.get()), "round {round}");
    }
}

#[test]
fn rayons_workers_violations_are_the_lenders() {
    if !watching("rayon's workers") {
        return;
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("a pool");
    let _ = take_violations();
    COUNT.run(|| {
        let token = Policy::current();
        permit_alloc(|| {
            pool.install(|| (0..100).into_par_iter().for_each(|_| token.run(|| alloc_and_free(8))));
        });
    });
    assert_eq!(take_violations(), 200);
    let report = report_of(|| {
        PANIC.run(|| {
            let token = Policy::current();
            permit_alloc(|| {
                pool.install(|| (0..100).into_par_iter().for_each(|_| token.run(|| alloc_and_free(8))));
            });
        });
    });
    let report = report.expect("the lender panics");
    assert!(
        report.contains("in the protected region `served`, on a thread that its policy was lent to"),
        "{report}"
    );
    assert_eq!(reported(&report), 200, "{report}");
}

/// How many violations a report is about: rayon's stacks differ, and some find no room.
fn reported(report: &str) -> u64 {
    let number_before = |line: &str, word: &str| -> Option<u64> {
        line.split_once(word)?.0.split_whitespace().next_back()?.parse().ok()
    };
    report
        .lines()
        .filter(|line| line.starts_with("qadapt: "))
        .map(|line| number_before(line, " times,").or(number_before(line, " more violations")).unwrap_or(1))
        .sum()
}

#[test]
fn a_blocking_thread_reports_to_the_future_that_waits_for_it() {
    if !watching("blocking threads") {
        return;
    }
    let outcome = runtime().block_on(async {
        tokio::spawn(PANIC.wrap(async {
            let token = Policy::current();
            let work = permit_alloc(|| spawn_blocking(move || token.run(|| alloc_and_free(24))));
            let work = work.await;
            assert!(work.is_ok(), "it does not panic there");
        }))
        .await
    });
    let payload = outcome.expect_err("the future panics").into_panic();
    let report = payload.downcast::<String>().expect("the guard panics with text");
    assert!(report.contains("allocation of 24 bytes"), "{report}");
    assert!(report.contains("of the protected future `served`, on a thread"), "{report}");
}

#[test]
fn a_futures_counts_include_its_blocking_threads() {
    if !watching("counts of blocking threads") {
        return;
    }
    let runtime = runtime();
    for seed in 0..100 {
        let (counts, (own, theirs)) = runtime.block_on(
            async move {
                let token = Policy::current();
                let (tell, told) = oneshot::channel();
                let before = Ledger::now();
                let work = spawn_blocking(move || {
                    let theirs = booked(|| token.run(|| churn(seed)));
                    let _ = tell.send(theirs);
                });
                drop(work);
                let after = Ledger::now();
                let theirs = told.await.expect("it is told");
                (after.allocs - before.allocs, theirs)
            }
            .count_alloc(),
        );
        // The channel, the task and the waker are this thread's; the blocking thread's are exact.
        let counted = counts.allocs().get().expect("it is measured");
        assert!(counted >= own + theirs[0], "{counted} < {own} + {}", theirs[0]);
        assert!(counted <= own + theirs[0] + 2, "{counted} > {own} + {} + 2", theirs[0]);
    }
}

/// What workers did since the last poll of a future that is then cancelled is not lost.
#[test]
fn a_cancelled_future_reports_what_it_was_told() {
    if !watching("cancelled futures") {
        return;
    }
    let mut never = async {
        let token = Policy::current();
        std::thread::scope(|scope| scope.spawn(|| token.run(|| alloc_and_free(24))).join())
            .expect("it does not panic");
        token_from_inside(token);
        std::future::pending::<()>().await;
    }
    .count_alloc();
    let handle = never.handle();
    {
        let mut never = pin!(never);
        assert!(never.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let token = TOKEN.with(std::cell::Cell::take).expect("it was kept");
        std::thread::scope(|scope| scope.spawn(|| token.run(|| alloc_and_free(1 << 20))).join())
            .expect("it does not panic");
        assert!(handle.counts().bytes() < 1 << 20, "it has not been polled again");
    }
    assert!(handle.counts().bytes() > 1 << 20);
}

thread_local! {
    static TOKEN: std::cell::Cell<Option<PolicyToken>> = const { std::cell::Cell::new(None) };
}

fn token_from_inside(token: PolicyToken) {
    TOKEN.with(|cell| cell.set(Some(token)));
}

/// A future that lends in one poll and moves to another thread for the next.
#[test]
fn what_a_dropped_futures_borrowers_did_is_counted_where_it_is_dropped() {
    if !watching("futures that are dropped") {
        return;
    }
    let (counts, ()) = count_alloc(|| {
        let mut future = Box::pin(COUNT.wrap(async {
            token_from_inside(Policy::current());
            std::future::pending::<()>().await;
        }));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let token = TOKEN.with(std::cell::Cell::take).expect("it was kept");
        std::thread::scope(|scope| {
            scope.spawn(|| token.run(|| alloc_and_free(24))).join().expect("it does not panic");
        });
        assert_eq!(take_violations(), 0, "nobody has asked yet");
        drop(future);
        assert_eq!(take_violations(), 2);
    });
    assert!(counts.is_measured(), "{counts:?}");
}

/// Each poll lends anew; there is room for 64 loans in the process, and what one poll lends is still its future's in the next.
#[test]
fn a_future_that_must_not_block_keeps_its_loans_from_poll_to_poll() {
    if !watching("futures that lend in each poll") {
        return;
    }
    let mut future = Box::pin(
        COUNT.wrap(
            async {
                loop {
                    token_from_inside(Policy::current());
                    let mut is_new = true;
                    std::future::poll_fn(|_| {
                        if std::mem::take(&mut is_new) { Poll::Pending } else { Poll::Ready(()) }
                    })
                    .await;
                }
            }
            .no_blocking(),
        ),
    );
    for _ in 0..200 {
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let token = TOKEN.with(std::cell::Cell::take).expect("it was kept");
    let other = || {
        count_alloc(|| {
            std::thread::scope(|scope| {
                let token = Policy::current();
                scope.spawn(move || token.run(|| alloc_and_free(24))).join().expect("it does not panic");
            });
        })
        .0
    };
    assert!(other().is_measured(), "there is room for loans");
    std::thread::scope(|scope| {
        scope.spawn(|| token.run(|| alloc_and_free(24))).join().expect("it does not panic");
    });
    let report = report_of(|| {
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    let report = report.expect("its next poll panics");
    assert!(
        report.contains("in poll 201") && report.contains("on a thread that its policy was lent to"),
        "{report}"
    );
}

#[test]
fn a_loan_follows_its_future_to_another_thread() {
    if !watching("futures that move") {
        return;
    }
    let mut future = Box::pin(COUNT.wrap(async {
        token_from_inside(Policy::current());
        std::future::pending::<()>().await;
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    let token = TOKEN.with(std::cell::Cell::take).expect("it was kept");
    let violations = std::thread::scope(|scope| {
        scope.spawn(|| token.run(|| alloc_and_free(24))).join().expect("it does not panic");
        let mover = scope.spawn(|| {
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            take_violations()
        });
        mover.join().expect("it does not panic")
    });
    assert_eq!(violations, 2);
    drop(future);
}
