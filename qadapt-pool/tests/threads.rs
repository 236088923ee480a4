//! Threads that take, wait, leave and give back in a crowd: no slot has two owners, none is lost, everyone gets a turn.

mod support;

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use fastrand::Rng;
use futures_executor::block_on;
use qadapt_pool::{Pool, PoolBox};

use crate::support::poll_once;

const THREADS: usize = 4;
const STEPS: usize = if cfg!(miri) { 60 } else { 30_000 };

/// A value that fails the test if a second one lies in its slot.
struct Alone<'a> {
    live: &'a AtomicUsize,
    stamp: usize,
    copy: usize,
}

impl<'a> Alone<'a> {
    fn new(live: &'a AtomicUsize, stamp: usize) -> Self {
        live.fetch_add(1, Ordering::Relaxed);
        Self { live, stamp, copy: stamp }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        assert_eq!(self.stamp, self.copy, "someone else wrote to the slot");
        self.stamp = usize::MAX;
        self.live.fetch_sub(1, Ordering::Relaxed);
    }
}

fn crowd<const N: usize>() {
    let live = AtomicUsize::new(0);
    let pool = Pool::<Alone<'_>, N>::new();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (pool, live) = (&pool, &live);
            scope.spawn(move || {
                let mut random = Rng::with_seed(number as u64);
                let mut held: Vec<PoolBox<'_, Alone<'_>>> = Vec::new();
                for step in 0..STEPS {
                    let stamp = number * STEPS + step;
                    assert!(live.load(Ordering::Relaxed) <= N);
                    match random.usize(..8) {
                        0..=2 => held.extend(pool.try_take().map(|slot| slot.put(Alone::new(live, stamp)))),
                        3 => {
                            // Whoever waits with nothing in the hand is waited for by nobody.
                            held.clear();
                            held.push(block_on(pool.take()).put(Alone::new(live, stamp)));
                        }
                        4 => {
                            let mut turn = pin!(pool.take());
                            // Served or not, it leaves at once.
                            drop(poll_once(turn.as_mut()));
                        }
                        5 => held.truncate(held.len() / 2),
                        _ => drop(held.pop()),
                    }
                }
            });
        }
    });
    assert_eq!(pool.available(), N);
    assert!(!pool.has_waiters());
    assert_eq!(live.load(Ordering::Relaxed), 0);
}

#[test]
fn a_crowd_with_one_slot() {
    crowd::<1>();
}

#[test]
fn a_crowd_with_three_slots() {
    crowd::<3>();
}

#[test]
fn a_crowd_with_slots_in_several_words() {
    crowd::<40>();
}

#[test]
fn as_many_slots_as_threads_are_always_enough() {
    // Each thread holds one slot at most, so that there is always one for it: to find none would be wrong.
    let pool = Pool::<usize, { THREADS * 9 }>::new();
    let reserved: Vec<_> = (0..THREADS * 8).map_while(|number| pool.try_box(number).ok()).collect();
    assert_eq!(reserved.len(), THREADS * 8);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let pool = &pool;
            scope.spawn(move || {
                for _ in 0..STEPS {
                    assert_eq!(pool.try_box(number).map(PoolBox::into_inner), Ok(number));
                }
            });
        }
    });
}

#[test]
fn boxes_are_given_back_by_other_threads() {
    static POOL: Pool<usize, 8> = Pool::new();
    let (sender, receiver) = mpsc::channel();
    let sums =
        thread::spawn(move || receiver.iter().map(|number: PoolBox<'static, usize>| *number).sum::<usize>());
    for number in 0..STEPS {
        let number = block_on(POOL.take()).put(number);
        sender.send(number).expect("it listens");
    }
    drop(sender);
    assert_eq!(sums.join().expect("no panic"), STEPS * (STEPS - 1) / 2);
    assert_eq!(POOL.available(), 8);
}
