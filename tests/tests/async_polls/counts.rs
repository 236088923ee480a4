//! What counts and budgets of a future are, over all its polls.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::mpsc;
use std::thread;

use qadapt::{Budget, GuardExt as _, is_active, take_violations};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::polled::{Ledgered, Yield, finish, poll_once};
use qadapt_tests::reference::Ledger;
use qadapt_tests::watching;

use crate::COUNT;

/// Allocates and frees in three polls, and keeps memory between them.
async fn busy() -> usize {
    let mut kept = vec![force_alloc(100)];
    Yield::default().await;
    kept.push(force_alloc(30));
    drop(kept.swap_remove(0));
    Yield::default().await;
    kept[0].reserve_exact(500);
    leak(7);
    kept.len()
}

#[test]
fn counts_equal_the_ledgers_over_all_polls() {
    let (counts, (ledger, kept)) = finish(pin!(Ledgered::new(busy()).count_alloc()));
    assert_eq!(kept, 1);
    let vec = size_of::<Vec<u8>>() as u64;
    assert_eq!((ledger.allocs, ledger.reallocs, ledger.freed), (4, 2, 100 + vec + 30 + 500 + vec * 4));
    assert_eq!(Ledger::of(&counts), is_active().then_some(ledger));
}

/// A future whose poll is in a future's poll: neither sees the other's counts twice or not at all.
#[test]
fn outer_counts_include_inner_ones() {
    let outer = async {
        leak(11);
        let mut inner = Box::pin(Ledgered::new(busy()).count_alloc());
        assert!(poll_once(inner.as_mut()).is_pending());
        Yield::default().await;
        let (counts, (ledger, _)) = finish(inner.as_mut());
        (counts, ledger)
    };
    let (counts, (ledger, (inner_counts, inner_ledger))) = finish(pin!(Ledgered::new(outer).count_alloc()));
    assert_eq!(Ledger::of(&counts), is_active().then_some(ledger));
    assert_eq!(Ledger::of(&inner_counts), is_active().then_some(inner_ledger));
    assert_eq!(ledger.allocs, inner_ledger.allocs + 2);
}

#[test]
fn a_budget_is_one_for_all_polls() {
    let budget = Budget::new().requests(3).bytes(300).peak_bytes(150);
    let spends = |sizes: [usize; 5], keep: bool| {
        let mut future = Box::pin(COUNT.budget(budget).wrap(async move {
            let mut kept = [const { None }; 5];
            for (slot, size) in kept.iter_mut().zip(sizes) {
                let block = (size > 0).then(|| force_alloc(size));
                *slot = block.filter(|_| keep);
                Yield::default().await;
            }
        }));
        let mut seen = Vec::new();
        loop {
            // Another thread each time: the budget goes with the future.
            let (poll, more, sent_back) = thread::spawn(move || {
                let poll = poll_once(future.as_mut());
                (poll, take_violations(), future)
            })
            .join()
            .expect("counting panics nowhere");
            seen.push(more);
            if poll.is_ready() {
                return seen;
            }
            future = sent_back;
        }
    };
    // Each deallocation is a violation of its own. A request over the budget gets its memory, and uses the budget too.
    for (sizes, keep, expected) in [
        ([1, 1, 1, 1, 0], false, [1, 1, 1, 2, 0, 0]),
        ([150, 100, 51, 50, 0], false, [1, 1, 2, 2, 0, 0]),
        ([100, 51, 50, 1, 0], true, [0, 1, 1, 1, 0, 4]),
    ] {
        let seen = spends(sizes, keep);
        if !is_active() {
            assert!(seen.iter().all(|&violations| violations == 0));
            continue;
        }
        assert_eq!(seen, expected, "{sizes:?}");
    }
}

#[test]
fn a_handle_reads_the_counts_of_a_cancelled_future() {
    let (sender, receiver) = mpsc::channel();
    let handle = {
        let mut counted = async {
            leak(40);
            Yield::default().await;
            alloc_and_free(60);
            pending::<()>().await;
        }
        .count_alloc();
        let handle = counted.handle();
        let mut counted = Box::pin(counted);
        if is_active() {
            assert_eq!(handle.counts().allocs(), 0, "before the first poll");
        }
        assert!(poll_once(counted.as_mut()).is_pending());
        if is_active() {
            assert_eq!(handle.counts().bytes(), 40, "between two polls");
        }
        let other = handle.clone();
        thread::spawn(move || {
            assert!(poll_once(counted.as_mut()).is_pending());
            sender.send(other.counts()).expect("the test waits");
            // Cancelled here, on the other thread.
        });
        handle
    };
    let elsewhere = receiver.recv().expect("polled");
    let counts = handle.counts();
    assert_eq!(counts.is_measured(), is_active());
    if is_active() {
        assert_eq!(counts, elsewhere);
        assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(2), Some(1)));
        assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(40), Some(100)));
    }
}

#[test]
fn counts_include_a_poll_that_panicked() {
    let mut counted = async {
        leak(5);
        Yield::default().await;
        leak(6);
        panic_any(1);
    }
    .count_alloc();
    let handle = counted.handle();
    let mut counted = Box::pin(counted);
    assert!(poll_once(counted.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(counted.as_mut()))).is_err());
    if watching("a count that ends in a panic") {
        // The payload and the machinery come on top.
        assert!(handle.counts().bytes() >= 11, "{handle:?}");
        assert!(handle.counts().allocs() > 2, "{handle:?}");
    }
}
