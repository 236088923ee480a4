//! A limit on what waits: never passed, whatever threads do, and a violation beyond.
//!
//! Alone because of its allocator's limit, and because what waits is the whole process's: the tests take turns.

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use qadapt::{
    Amount, Deferring, Mode, Policy, Qadapt, defer_frees, deferred, is_active, reclaim, violations,
};
use qadapt_tests::force::force_alloc;
use qadapt_tests::waiting::turn;

const LIMIT: Amount = Amount { blocks: 50, bytes: 5_000 };

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System).limit(LIMIT));

const STRICT: Policy = Policy::new().mode(MODE).defer();
/// A report takes Miri minutes.
const MODE: Mode = if cfg!(miri) { Mode::Count } else { Mode::Panic };

/// Frees so many blocks in one region; returns how many came beyond the limit.
fn free(blocks: u64, size: usize) -> u64 {
    let mut values: Vec<_> = (0..blocks).map(|_| force_alloc(size)).collect();
    let before = (deferred().over, violations());
    let outcome = catch_unwind(AssertUnwindSafe(|| STRICT.run(|| values.clear())));
    let over = deferred().over - before.0;
    let seen = violations() - before.1;
    assert_eq!(seen, if is_active() { over } else { 0 });
    assert_eq!(outcome.is_err(), seen > 0 && MODE == Mode::Panic);
    over
}

#[test]
fn as_many_wait_as_the_limit_says_and_the_next_is_a_violation() {
    let _turn = turn();
    assert_eq!(free(50, 20), 0);
    assert_eq!(deferred().waiting, Amount { blocks: 50, bytes: 1_000 });
    assert_eq!(free(3, 20), 3);
    assert_eq!(deferred().waiting, Amount { blocks: 50, bytes: 1_000 });
    assert_eq!(reclaim(Amount::of_blocks(2)).blocks, 2);
    assert_eq!(free(3, 20), 1);
}

#[test]
fn so_it_is_with_bytes_and_with_blocks_of_every_kind() {
    let _turn = turn();
    assert_eq!(free(3, 2_000), 1);
    assert_eq!(deferred().waiting, Amount { blocks: 2, bytes: 4_000 });
    // Some that hold no link.
    assert_eq!(free(1, 4_096), 1);
    assert_eq!(free(20, 8), 0);
    assert_eq!(deferred().waiting, Amount { blocks: 22, bytes: 4_160 });
    assert_eq!(free(1, 841), 1);
    assert_eq!(free(1, 840), 0);
    assert_eq!(deferred().waiting, Amount { blocks: 23, bytes: 5_000 });
    assert_eq!(free(1, 1), 1);
}

#[test]
fn a_thread_s_own_spare_room_is_there_for_its_next_block_of_another_kind() {
    let _turn = turn();
    // The small one reserves for a chain, in which those that hold no link have no part.
    let (small, pages, bytes) = (force_alloc(32), force_alloc(4_500), force_alloc(8));
    let before = violations();
    STRICT.run(|| {
        drop(small);
        drop(pages);
        drop(bytes);
    });
    assert_eq!(violations(), before);
    assert_eq!(deferred().waiting, Amount { blocks: 3, bytes: 4_540 });
}

#[test]
fn room_that_a_region_did_not_use_is_there_for_others() {
    let _turn = turn();
    for _ in 0..20 {
        assert_eq!(free(1, 16), 0);
    }
    defer_frees(|| {
        let value = force_alloc(16);
        drop(value);
        // As this thread sees it, in the middle of its region.
        assert_eq!(deferred().waiting.blocks, 21);
    });
    assert_eq!(deferred().waiting.blocks, 21);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(free(29, 16), 0));
    });
    assert_eq!(deferred().waiting.blocks, 50);
}

#[test]
fn threads_never_pass_it_and_lose_nothing() {
    let _turn = turn();
    let (threads, rounds) = if cfg!(miri) { (2, 5) } else { (6, 400) };
    let given = AtomicU64::new(0);
    let before = deferred().over;
    let blocks: u64 = thread::scope(|scope| {
        let given = &given;
        let work = move |seed: usize| {
            let mut freed = 0;
            for round in 0..rounds {
                let mut values: Vec<_> =
                    (0..10).map(|n| force_alloc(1 + (seed * 7 + n * round) % 300)).collect();
                freed += values.len() as u64;
                defer_frees(|| values.clear());
                if round % 3 == 0 {
                    given.fetch_add(reclaim(Amount::of_blocks(20)).blocks, Ordering::Relaxed);
                }
            }
            freed
        };
        let threads: Vec<_> = (0..threads).map(|seed| scope.spawn(move || work(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let deferred = deferred();
    assert!(deferred.most.blocks <= LIMIT.blocks && deferred.most.bytes <= LIMIT.bytes, "{deferred:?}");
    given.fetch_add(reclaim(Amount::ALL).blocks, Ordering::Relaxed);
    assert_eq!(given.into_inner() + deferred.over - before, blocks);
}
