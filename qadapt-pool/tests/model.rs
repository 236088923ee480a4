//! A million random steps of a pool beside a model of it: who is free, who waits, who was given what, who was woken.

mod support;

use std::collections::VecDeque;
use std::future::ready;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use fastrand::Rng;
use qadapt_pool::{Pool, PoolBox, Slot, Take};

use crate::support::{Count, poll, poll_once};

const STEPS: usize = if cfg!(miri) { 1_000 } else { 1_000_000 };

/// A future that waits in the pool, and what the model knows of it.
struct Waiter<'p> {
    future: Pin<Box<Take<'p, u64>>>,
    number: usize,
    /// The task that polled it last, and those before.
    task: Arc<Count>,
    others: Vec<Arc<Count>>,
    was_given: bool,
}

/// The pool and its model.
struct Pair<'p, const N: usize> {
    pool: &'p Pool<u64, N>,
    held: Vec<PoolBox<'p, u64>>,
    waiters: Vec<Waiter<'p>>,
    /// The numbers of those who wait and were given nothing.
    queue: VecDeque<usize>,
    free: usize,
    next: usize,
}

impl<'p, const N: usize> Pair<'p, N> {
    fn new(pool: &'p Pool<u64, N>) -> Self {
        Self { pool, held: Vec::new(), waiters: Vec::new(), queue: VecDeque::new(), free: N, next: 0 }
    }

    fn hold(&mut self, slot: Slot<'p, u64>) {
        self.next += 1;
        self.held.push(slot.put(self.next as u64));
    }

    /// The model's half of giving a slot back.
    fn was_given_back(&mut self) {
        match self.queue.pop_front() {
            Some(number) => {
                let waiter = self.waiters.iter_mut().find(|waiter| waiter.number == number);
                waiter.expect("it waits").was_given = true;
            }
            None => self.free += 1,
        }
    }

    fn try_take(&mut self) {
        let slot = self.pool.try_take();
        assert_eq!(slot.is_some(), self.free > 0);
        if let Some(slot) = slot {
            self.free -= 1;
            self.hold(slot);
        }
    }

    fn wait(&mut self) {
        let mut future = Box::pin(self.pool.take());
        let task = Count::new();
        match poll(future.as_mut(), &task) {
            Poll::Ready(slot) => {
                assert!(self.free > 0);
                self.free -= 1;
                self.hold(slot);
            }
            Poll::Pending => {
                assert_eq!(self.free, 0);
                self.next += 1;
                self.queue.push_back(self.next);
                let others = Vec::new();
                self.waiters.push(Waiter { future, number: self.next, task, others, was_given: false });
            }
        }
    }

    fn wait_in_vain(&mut self) {
        let mut future = pin!(self.pool.take_timeout(ready(())));
        match poll_once(future.as_mut()) {
            Poll::Ready(Ok(slot)) => {
                assert!(self.free > 0);
                self.free -= 1;
                self.hold(slot);
            }
            Poll::Ready(Err(_)) => assert_eq!(self.free, 0),
            Poll::Pending => panic!("the timer has ended"),
        }
    }

    fn give_back(&mut self, random: &mut Rng) {
        if self.held.is_empty() {
            return;
        }
        let one = self.held.swap_remove(random.usize(..self.held.len()));
        if random.usize(..2) == 0 {
            drop(one);
        } else {
            assert_ne!(one.into_inner(), 0);
        }
        self.was_given_back();
    }

    fn poll_again(&mut self, random: &mut Rng) {
        if self.waiters.is_empty() {
            return;
        }
        let index = random.usize(..self.waiters.len());
        let waiter = &mut self.waiters[index];
        if random.usize(..2) == 0 && !waiter.was_given {
            waiter.others.push(std::mem::take(&mut waiter.task));
        }
        match poll(waiter.future.as_mut(), &waiter.task) {
            Poll::Ready(slot) => {
                assert!(waiter.was_given);
                self.waiters.swap_remove(index);
                self.hold(slot);
            }
            Poll::Pending => assert!(!waiter.was_given),
        }
    }

    fn leave(&mut self, random: &mut Rng) {
        if self.waiters.is_empty() {
            return;
        }
        let waiter = self.waiters.swap_remove(random.usize(..self.waiters.len()));
        let Waiter { future, number, was_given, .. } = waiter;
        drop(future);
        if was_given {
            self.was_given_back();
        } else {
            self.queue.retain(|waiting| *waiting != number);
        }
    }

    fn step(&mut self, random: &mut Rng) {
        match random.usize(..12) {
            0 | 1 => self.try_take(),
            2..=4 => self.wait(),
            5 => self.wait_in_vain(),
            6..=8 => self.give_back(random),
            9 | 10 => self.poll_again(random),
            _ => self.leave(random),
        }
        if self.waiters.len() > 40 {
            self.leave(random);
        }
    }

    fn compare(&self) {
        assert_eq!(self.pool.available(), self.free);
        assert_eq!(self.pool.has_waiters(), !self.queue.is_empty());
        for waiter in &self.waiters {
            assert_eq!(waiter.task.get(), usize::from(waiter.was_given), "one wake for who was given a slot");
            assert!(waiter.others.iter().all(|task| task.get() == 0), "only the last task is woken");
        }
    }
}

fn run<const N: usize>(pool: &Pool<u64, N>, steps: usize) {
    let mut pair = Pair::new(pool);
    let mut random = Rng::with_seed(N as u64);
    for _ in 0..steps {
        pair.step(&mut random);
        pair.compare();
    }
    let mut numbers: Vec<_> = pair.held.iter().map(|value| **value).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), pair.held.len(), "two boxes had one slot");
    drop(pair);
    assert_eq!(pool.available(), N);
    assert!(!pool.has_waiters());
}

#[test]
fn one_slot() {
    run::<1>(&Pool::new(), STEPS / 4);
}

#[test]
fn three_slots() {
    run::<3>(&Pool::new(), STEPS / 4);
}

#[test]
fn slots_in_several_words() {
    run::<20>(&Pool::new(), STEPS / 4);
}

#[test]
fn slots_in_large_words() {
    run::<530>(&Pool::new(), STEPS / 8);
}

#[test]
fn no_slots() {
    run::<0>(&Pool::new(), STEPS / 8);
}
