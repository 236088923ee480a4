//! What comes beyond a limit and waits all the same.
//!
//! Alone because of its allocator's limit, and because what waits is the whole process's: the tests take turns.

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use qadapt::{
    Amount, Beyond, Deferring, Mode, Policy, Qadapt, defer_frees, deferred, is_active, reclaim, violations,
};
use qadapt_tests::force::force_alloc;
use qadapt_tests::waiting::turn;

const LIMIT: Amount = Amount { blocks: 4, bytes: 1_000 };

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> =
    Qadapt::new(Deferring::new(System).limit(LIMIT).beyond(Beyond::Count));

const STRICT: Policy = Policy::new().mode(MODE).defer();
/// A report takes Miri minutes.
const MODE: Mode = if cfg!(miri) { Mode::Count } else { Mode::Panic };

/// Frees blocks in one region; returns how many came beyond the limit, and how many were violations.
fn free(mut blocks: Vec<Vec<u8>>) -> (u64, u64) {
    let before = (deferred().over, violations());
    let outcome = catch_unwind(AssertUnwindSafe(|| STRICT.run(|| blocks.clear())));
    let (over, seen) = (deferred().over - before.0, violations() - before.1);
    assert_eq!(outcome.is_err(), seen > 0 && MODE == Mode::Panic);
    (over, seen)
}

fn blocks(count: usize, size: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| force_alloc(size)).collect()
}

#[test]
fn blocks_of_every_kind_wait_and_those_beyond_are_counted() {
    let _turn = turn();
    // Too small to hold a link, large enough, and larger than what is written to.
    for size in [8_u64, 100, 5_000] {
        let within = LIMIT.blocks.min(LIMIT.bytes / size);
        let values = blocks(10, usize::try_from(size).expect("it is small"));
        assert_eq!(free(values), (10 - within, 0), "of {size} bytes");
        let all = Amount { blocks: 10, bytes: 10 * size };
        assert_eq!(deferred().waiting, all);
        assert!(deferred().most.blocks >= 10, "the limit is no limit to what waits");
        assert_eq!(reclaim(Amount::ALL), all);
        assert_eq!(deferred().waiting, Amount::NONE);
    }
}

#[test]
fn room_below_the_limit_is_there_again_once_enough_was_given_back() {
    let _turn = turn();
    assert_eq!(free(blocks(6, 20)), (2, 0));
    assert_eq!(reclaim(Amount::of_blocks(3)).blocks, 3);
    assert_eq!(free(blocks(2, 20)), (1, 0));
    assert_eq!(deferred().waiting, Amount { blocks: 5, bytes: 100 });
}

#[test]
#[cfg_attr(miri, ignore = "Miri takes minutes for so many blocks")]
fn what_there_is_no_room_to_note_is_freed_and_a_violation() {
    let _turn = turn();
    let (over, seen) = free(blocks(1_030, 5_000));
    assert_eq!(over, 1_030, "each block has more bytes than the limit");
    assert_eq!(seen, if is_active() { 6 } else { 0 });
    assert_eq!(deferred().waiting.blocks, 1_024);
}

#[test]
fn threads_lose_nothing_of_it() {
    let _turn = turn();
    let (threads, rounds) = if cfg!(miri) { (2, 3) } else { (6, 200) };
    let count = thread::scope(|scope| {
        let work = move |seed: usize| {
            let mut freed = 0;
            for round in 0..rounds {
                let mut values: Vec<_> =
                    (0..10).map(|n| force_alloc(16 + (seed + n * round) % 300)).collect();
                freed += values.len() as u64;
                defer_frees(|| values.clear());
            }
            freed
        };
        let threads: Vec<_> = (0..threads).map(|seed| scope.spawn(move || work(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<u64>()
    });
    assert_eq!(deferred().waiting.blocks, count);
    assert_eq!(reclaim(Amount::ALL).blocks, count);
}
