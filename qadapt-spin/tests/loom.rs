//! Models of the primitives that loom runs in every interleaving.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p qadapt-spin --test loom --release`
//!
//! The primitives' own sources are compiled into this test over loom's atomics. loom allows a Relaxed load any value
//! that the C11 memory model allows it, so a missing Release or Acquire shows here on any processor. `Lock` is modelled
//! over a stand-in for spin's mutex; its documentation says what that leaves out.
//!
//! To find races, loom 0.7 keeps one last access of each atomic: a load is forgotten once another thread has loaded too,
//! even if that thread then writes. A reader that runs first may so never be shown a claimed slot. Here writers start
//! first (`together` runs the last job at once), and a model that is about an intermediate state checks with
//! `Reached` that some interleaving was in that state.
#![cfg(loom)]
#![expect(dead_code, unreachable_pub, reason = "the sources of a library, of which the models use a part")]

#[path = "../src/block_list.rs"]
mod block_list;
#[path = "../src/block_ring.rs"]
mod block_ring;
#[path = "loom/blocks.rs"]
mod blocks;
#[path = "../src/key.rs"]
mod key;
#[path = "../src/lock.rs"]
mod lock;
#[path = "../src/mailboxes.rs"]
mod mailboxes;
#[path = "loom/primitive.rs"]
mod primitive;
#[path = "../src/stack.rs"]
mod stack;
#[path = "../src/stack_pool.rs"]
mod stack_pool;
#[path = "../src/stack_table.rs"]
mod stack_table;

use core::{
    num::NonZeroU64,
    sync::atomic::{AtomicBool, Ordering},
};

use key::Key;
use lock::Lock;
use loom::{cell::UnsafeCell, model, sync::Arc, thread};
use mailboxes::{Given, Mailboxes};
use stack_pool::StackPool;
use stack_table::{Slot, StackTable};

/// Small keys all start their search at the first slot.
fn key(number: u64) -> Key {
    Key::from(NonZeroU64::new(number).expect("not 0"))
}

/// Runs one closure on each of several threads, the last on this one, and returns their results in order.
fn together<T: 'static, const N: usize>(jobs: [Box<dyn FnOnce() -> T + Send>; N]) -> Vec<T> {
    let mut jobs = Vec::from(jobs);
    let here = jobs.pop();
    let threads: Vec<_> = jobs.into_iter().map(|job| thread::spawn(job)).collect();
    let last = here.map(|job| job());
    threads.into_iter().map(|thread| thread.join().expect("no panic")).chain(last).collect()
}

/// Whether any interleaving of a model came to a certain place; not an atomic of loom's, so it outlives each.
struct Reached(AtomicBool);

impl Reached {
    const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    fn here(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn at_least_once(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn inserter<const SLOTS: usize>(
    table: &Arc<StackTable<SLOTS, 1>>,
    number: u64,
    frame: usize,
) -> Box<dyn FnOnce() -> Option<Slot> + Send> {
    let table = Arc::clone(table);
    Box::new(move || {
        let slot = table.insert(key(number), &[frame], [frame as u64; 2])?;
        table.hit(slot);
        Some(slot)
    })
}

#[test]
fn two_threads_share_the_slot_of_a_key() {
    model(|| {
        let table = Arc::new(StackTable::<2, 1>::new());
        let slots = together([inserter(&table, 1, 10), inserter(&table, 1, 10)]);
        assert!(slots[0].is_some());
        assert_eq!(slots[0], slots[1]);
        assert_eq!(table.slots().count(), 1);
    });
}

#[test]
fn three_threads_share_the_slot_of_a_key_and_lose_no_hit() {
    model(|| {
        let table = Arc::new(StackTable::<3, 1>::new());
        let slots = together([inserter(&table, 1, 10), inserter(&table, 1, 10), inserter(&table, 1, 10)]);
        assert!(slots[0].is_some());
        assert!(slots.iter().all(|&slot| slot == slots[0]));
        assert_eq!(table.slots().count(), 1);
        assert_eq!(slots[0].map(|slot| table.hits(slot)), Some(3));
    });
}

/// Two equal keys and a third that wants the same first slot: the walk past a foreign key must not make a duplicate.
#[test]
fn colliding_keys_get_slots_of_their_own() {
    model(|| {
        let table = Arc::new(StackTable::<2, 1>::new());
        let slots = together([inserter(&table, 1, 10), inserter(&table, 2, 20), inserter(&table, 1, 10)]);
        assert!(slots.iter().all(Option::is_some));
        assert_eq!(slots[0], slots[2]);
        assert_ne!(slots[0], slots[1]);
        for (slot, frame, hits) in [(slots[0], 10, 2), (slots[1], 20, 1)] {
            let slot = slot.expect("checked above");
            assert_eq!(table.stack(slot).expect("published").frames(), [frame]);
            assert_eq!(table.hits(slot), hits);
        }
    });
}

/// Two inserters of one key bring different stacks, so a mixture of the two would show.
#[test]
fn a_reader_sees_a_whole_stack_or_none() {
    static CLAIMED: Reached = Reached::new();
    static FIRST: Reached = Reached::new();
    static SECOND: Reached = Reached::new();
    model(|| {
        let table = Arc::new(StackTable::<1, 1>::new());
        let shared = Arc::clone(&table);
        let read = move || {
            let slot = shared.slots().next()?;
            match shared.stack(slot).map(|stack| (stack.frames().to_vec(), stack.tag())) {
                None => CLAIMED.here(),
                Some((frames, tag)) if frames == [10] && tag == [10; 2] => FIRST.here(),
                Some((frames, tag)) if frames == [20] && tag == [20; 2] => SECOND.here(),
                Some(torn) => panic!("{torn:?}"),
            }
            None
        };
        together([Box::new(read), inserter(&table, 1, 10), inserter(&table, 1, 20)]);
    });
    assert!(CLAIMED.at_least_once() && FIRST.at_least_once() && SECOND.at_least_once());
}

/// Who meets a claimed key goes on at once with its slot; the stack is there when the claimer has returned.
#[test]
fn a_claimed_slot_is_shared_before_its_stack_is_there() {
    static CLAIMED: Reached = Reached::new();
    model(|| {
        let table = Arc::new(StackTable::<1, 1>::new());
        let shared = Arc::clone(&table);
        let meet: Box<dyn FnOnce() -> Option<Slot> + Send> = Box::new(move || {
            let slot = shared.insert(key(1), &[10], [10; 2])?;
            if shared.stack(slot).is_none() {
                CLAIMED.here();
            }
            shared.hit(slot);
            Some(slot)
        });
        let slots = together([meet, inserter(&table, 1, 10)]);
        let slot = slots[0].expect("room");
        assert_eq!(table.stack(slot).map(|stack| stack.tag()), Some([10; 2]));
        assert_eq!(table.hits(slot), 2);
    });
    assert!(CLAIMED.at_least_once());
}

#[test]
fn of_two_keys_for_the_last_slot_exactly_one_gets_none() {
    model(|| {
        let table = Arc::new(StackTable::<1, 1>::new());
        let slots = together([inserter(&table, 1, 10), inserter(&table, 2, 20)]);
        assert_eq!(slots.iter().flatten().count(), 1);
        let slot = table.slots().next().expect("claimed");
        assert!(slots.contains(&Some(slot)));
        let winner = if slots[0].is_some() { 10 } else { 20 };
        assert_eq!(table.stack(slot).expect("published").frames(), [winner]);
        assert_eq!(table.hits(slot), 1);
    });
}

#[test]
fn takers_get_each_occurrence_once() {
    model(|| {
        let table = Arc::new(StackTable::<1, 1>::new());
        let slot = table.insert(key(1), &[], [0; 2]).expect("room");
        let take = || -> Box<dyn FnOnce() -> u64 + Send> {
            let table = Arc::clone(&table);
            Box::new(move || {
                table.hit(slot);
                table.take_unreported(slot)
            })
        };
        let taken: u64 = together([take(), take()]).into_iter().sum();
        assert_eq!(taken + table.take_unreported(slot), 2);
        assert_eq!(table.unreported(slot), 0);
    });
}

/// loom's cell panics where two accesses to it are not ordered one after the other.
fn touch(cell: &UnsafeCell<u32>) {
    cell.with_mut(|_| ());
}

#[test]
fn holders_of_the_lock_exclude_each_other() {
    model(|| {
        let lock = Arc::new(Lock::new(UnsafeCell::new(0)));
        let hold = |spins: Option<u32>| -> Box<dyn FnOnce() -> bool + Send> {
            let lock = Arc::clone(&lock);
            Box::new(move || {
                let guard = spins.map_or_else(|| lock.try_lock(), |spins| lock.lock_within(spins));
                guard.map(|cell| touch(&cell)).is_some()
            })
        };
        let got = together([hold(None), hold(Some(1)), hold(None)]);
        assert!(got.contains(&true));
        assert!(lock.try_lock().is_some(), "everyone has left");
    });
}

#[test]
fn a_held_lock_is_refused() {
    model(|| {
        let lock = Arc::new(Lock::new(0));
        let held = lock.try_lock().expect("free");
        let refused = thread::spawn({
            let lock = Arc::clone(&lock);
            move || lock.try_lock().is_none() && lock.lock_within(2).is_none()
        });
        assert!(refused.join().expect("no panic"));
        drop(held);
        assert!(lock.lock_within(0).is_some());
    });
}

/// As the holder goes, an attempt succeeds or fails; a success sees the holder's write.
#[test]
fn an_attempt_fails_or_sees_what_the_holder_wrote() {
    static GOT: Reached = Reached::new();
    static REFUSED: Reached = Reached::new();
    model(|| {
        let lock = Arc::new(Lock::new(0));
        let mut held = lock.try_lock().expect("free");
        let other = thread::spawn({
            let lock = Arc::clone(&lock);
            move || match lock.lock_within(0) {
                Some(value) => {
                    assert_eq!(*value, 7);
                    GOT.here();
                }
                None => REFUSED.here(),
            }
        });
        *held = 7;
        drop(held);
        other.join().expect("no panic");
    });
    assert!(GOT.at_least_once() && REFUSED.at_least_once());
}

/// In loom a spin hint lets the other threads go on, so the holder is gone by the next attempt.
#[test]
fn lock_within_tries_again() {
    model(|| {
        let lock = Arc::new(Lock::new(0));
        let held = lock.try_lock().expect("free");
        let waiter = thread::spawn({
            let lock = Arc::clone(&lock);
            move || lock.lock_within(2).is_some()
        });
        drop(held);
        assert!(waiter.join().expect("no panic"));
    });
}

fn add_one(sum: &mut Option<u32>) {
    *sum = Some(sum.unwrap_or(0) + 1);
}

/// Whatever the order in which the owner closes and another gives: the thing is taken or refused, and only one of them.
#[test]
fn what_is_given_to_a_mailbox_is_taken_or_refused() {
    static KEPT: Reached = Reached::new();
    static REFUSED: Reached = Reached::new();
    static BUSY: Reached = Reached::new();
    model(|| {
        let boxes = Arc::new(Mailboxes::<u32, 1>::new());
        let address = boxes.open().expect("it is free");
        assert!(boxes.join(address));
        let giver = thread::spawn({
            let boxes = Arc::clone(&boxes);
            move || {
                let given = boxes.give(address, add_one);
                boxes.leave(address);
                given
            }
        });
        boxes.close(address);
        let taken = loop {
            match boxes.take(address) {
                Ok(taken) => break taken,
                Err(_) => thread::yield_now(),
            }
        };
        boxes.leave(address);
        let given = giver.join().expect("no panic");
        assert_eq!(taken, (given == Given::Kept).then_some(1));
        match given {
            Given::Kept => KEPT.here(),
            Given::Refused => REFUSED.here(),
            Given::Busy => BUSY.here(),
        }
        assert!(boxes.open().is_some(), "everyone has left");
    });
    assert!(KEPT.at_least_once() && REFUSED.at_least_once() && BUSY.at_least_once());
}

/// Of two things that are given at once none is overwritten by the other.
#[test]
fn a_mailbox_keeps_what_two_threads_give() {
    model(|| {
        let boxes = Arc::new(Mailboxes::<u32, 1>::new());
        let address = boxes.open().expect("it is free");
        let give = || -> Box<dyn FnOnce() -> u32 + Send> {
            let boxes = Arc::clone(&boxes);
            Box::new(move || u32::from(boxes.give(address, add_one) == Given::Kept))
        };
        let kept: u32 = together([give(), give()]).into_iter().sum();
        assert_eq!(boxes.take(address), Ok(Some(kept)));
        assert!(kept > 0);
    });
}

/// A box is not used again before everyone has left, and an address of an earlier use leads nowhere.
#[test]
fn a_mailbox_in_use_is_not_opened_again() {
    static AGAIN: Reached = Reached::new();
    model(|| {
        let boxes = Arc::new(Mailboxes::<u32, 1>::new());
        let first = boxes.open().expect("it is free");
        let joiner = thread::spawn({
            let boxes = Arc::clone(&boxes);
            move || {
                if boxes.join(first) {
                    boxes.give(first, add_one);
                    boxes.leave(first);
                }
            }
        });
        boxes.close(first);
        boxes.leave(first);
        if let Some(second) = boxes.open() {
            AGAIN.here();
            assert_ne!(first, second);
            assert_eq!(boxes.take(second), Ok(None));
            assert!(!boxes.join(first) && boxes.join(second));
        }
        joiner.join().expect("no panic");
    });
    assert!(AGAIN.at_least_once());
}

#[test]
fn two_holders_of_a_pool_s_one_place_come_one_after_the_other() {
    static BOTH: Reached = Reached::new();
    static REFUSED: Reached = Reached::new();
    model(|| {
        let pool = Arc::new(StackPool::<1, 1>::new());
        let holder = |number: usize| -> Box<dyn FnOnce() -> bool + Send> {
            let pool = Arc::clone(&pool);
            Box::new(move || {
                let Some(slot) = pool.keep(&[number], [number as u64; 2]) else { return false };
                let stack = pool.stack(slot).expect("it is held");
                assert_eq!((stack.frames(), stack.tag()), (&[number][..], [number as u64; 2]));
                pool.give_back(slot);
                true
            })
        };
        match together([holder(1), holder(2)])[..] {
            [true, true] => BOTH.here(),
            [false, false] => panic!("one of two finds the place free"),
            _ => REFUSED.here(),
        }
        assert_eq!(pool.held(), 0);
    });
    assert!(BOTH.at_least_once() && REFUSED.at_least_once());
}

#[test]
fn a_shared_place_is_free_when_the_last_of_two_threads_gives_it_back() {
    model(|| {
        let pool = Arc::new(StackPool::<1, 1>::new());
        let slot = pool.keep(&[7], [7, 7]).expect("there is room");
        pool.share(slot);
        let holder = || -> Box<dyn FnOnce() + Send> {
            let pool = Arc::clone(&pool);
            Box::new(move || {
                assert_eq!(pool.stack(slot).expect("it is held").frames(), [7]);
                pool.give_back(slot);
            })
        };
        together([holder(), holder()]);
        assert_eq!(pool.keep(&[8], [0, 0]), Some(slot));
    });
}
