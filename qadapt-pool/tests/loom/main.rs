//! Models of taking, giving back, waiting and leaving, which loom runs in every interleaving that it can tell apart.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p qadapt-pool --test loom --release`
//!
//! The files of the library that do these things are compiled here a second time, over loom's atomics and cells
//! (`primitive.rs`). So the library needs no `cfg(loom)`, and nobody who links it has loom in a lock file.
//!
//! Larger models are bounded to three preemptions. At most one thread of a model waits for the gate: of two, loom would
//! run now one and now the other for ever, and never the thread that holds it.
#![cfg(loom)]
#![expect(unsafe_code, reason = "the files under test have unsafe code, and slots stand for memory")]

#[path = "../../src/bitmap.rs"]
mod bitmap;
#[path = "../../src/gate.rs"]
mod gate;
mod primitive;
#[path = "../../src/queue.rs"]
mod queue;
#[path = "../../src/shelf.rs"]
mod shelf;
#[path = "../../src/ticket.rs"]
mod ticket;
#[expect(dead_code, reason = "the models do not use all of it")]
#[path = "../../src/turn.rs"]
mod turn;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Wake, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::AtomicUsize;
use loom::thread;

use crate::bitmap::Bitmap;
use crate::primitive::{Cell, Ordering};
use crate::queue::Queue;
use crate::shelf::Shelf;
use crate::ticket::Ticket;
use crate::turn::Turn;

/// A pool of `N` slots, whose memory loom watches: an owner of a slot that is not alone with it fails the model.
struct Slots<const N: usize> {
    shelf: Shelf<[AtomicUsize; N]>,
    memory: [Cell<u32>; N],
}

impl<const N: usize> Slots<N> {
    fn new() -> Arc<Self> {
        let words = std::array::from_fn(|_| AtomicUsize::new(0));
        Arc::new(Self {
            shelf: Shelf::over(AtomicUsize::new(0), Cell::new(Queue::new()), words),
            memory: std::array::from_fn(|_| Cell::new(0)),
        })
    }

    fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    fn try_take(&self) -> Option<Ticket<'_>> {
        Ticket::try_take(self.shelf())
    }

    fn turn(&self) -> Turn<'_> {
        Turn::new(self.shelf())
    }

    /// Writes to the memory of a slot, as its owner may.
    fn write(&self, ticket: &Ticket<'_>) {
        // SAFETY: loom gives out the pointer to one thread at a time, or fails.
        self.memory[ticket.slot()].with_mut(|value| unsafe { *value += 1 });
    }

    fn use_up(&self, ticket: Ticket<'_>) {
        self.write(&ticket);
        drop(ticket);
    }

    fn try_use(&self) {
        if let Some(ticket) = self.try_take() {
            self.use_up(ticket);
        }
    }

    fn all_are_free(&self) {
        assert_eq!(self.shelf().count_free(), self.shelf().len(), "a slot was lost");
        assert!(!self.shelf().has_waiters());
    }
}

/// Counts how often it was called; not with loom's atomics, since it is read when all threads have ended.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<'p>(turn: Pin<&mut Turn<'p>>, count: &std::sync::Arc<Count>) -> Poll<Ticket<'p>> {
    let waker = Waker::from(std::sync::Arc::clone(count));
    turn.poll(&mut Context::from_waker(&waker))
}

fn bounded(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn a_slot_has_one_owner() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let take = |slots: &Slots<1>| {
            slots.try_use();
            slots.try_use();
        };
        let other = thread::spawn({
            let slots = Arc::clone(&slots);
            move || take(&slots)
        });
        take(&slots);
        other.join().expect("no panic");
        slots.all_are_free();
    });
}

#[test]
fn nothing_is_found_only_if_nothing_was_free_at_one_moment() {
    loom::model(|| {
        // Two groups: all of the first is taken, and of the second all but one.
        let bits = Arc::new(Bitmap::over(std::array::from_fn::<_, 16, _>(|_| AtomicUsize::new(0))));
        let bitmap: &Bitmap = &*bits;
        for _ in 0..15 {
            assert!(bitmap.take().is_some());
        }
        let other = thread::spawn({
            let bits = Arc::clone(&bits);
            move || {
                // Before the last free slot is taken, another one becomes free.
                let bitmap: &Bitmap = &*bits;
                bitmap.give_back(0);
                bitmap.take_near(15);
            }
        });
        assert!(bitmap.take().is_some(), "one slot was free all the time");
        other.join().expect("no panic");
    });
}

#[test]
fn a_waiter_is_woken_by_the_slot_that_is_given_back() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let ticket = slots.try_take().expect("it is free");
        let waiter = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.use_up(block_on(slots.turn()))
        });
        slots.use_up(ticket);
        waiter.join().expect("no panic");
        slots.all_are_free();
    });
}

#[test]
fn two_waiters_share_a_slot() {
    bounded(|| {
        let slots = Slots::<1>::new();
        let ticket = slots.try_take().expect("it is free");
        let waiter = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.use_up(block_on(slots.turn()))
        });
        let mut own = Box::pin(slots.turn());
        assert!(own.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        slots.use_up(ticket);
        slots.use_up(block_on(own));
        waiter.join().expect("no panic");
        slots.all_are_free();
    });
}

#[test]
fn slots_that_are_given_back_at_once_wake_as_many_waiters() {
    bounded(|| {
        two_waiters_get_what_is_given_back(|slots, [first, second]| {
            let other = thread::spawn({
                let slots = Arc::clone(slots);
                move || slots.shelf().release(first)
            });
            slots.shelf().release(second);
            other.join().expect("no panic");
        });
    });
}

#[test]
fn slots_that_are_given_back_while_the_gate_is_held_all_find_a_waiter() {
    bounded(|| {
        two_waiters_get_what_is_given_back(|slots, taken| {
            let mut last = Box::pin(slots.turn());
            assert!(last.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            let others = taken.map(|slot| {
                let slots = Arc::clone(slots);
                thread::spawn(move || slots.shelf().release(slot))
            });
            drop(last);
            for other in others {
                other.join().expect("no panic");
            }
        });
    });
}

/// Two waiters of two slots that are taken: once `release` has given both back, each waiter has one, woken once.
fn two_waiters_get_what_is_given_back(release: impl FnOnce(&Arc<Slots<2>>, [usize; 2])) {
    let slots = Slots::<2>::new();
    let taken = [slots.shelf().try_take(), slots.shelf().try_take()].map(|slot| slot.expect("it is free"));
    let counts = [(); 2].map(|()| std::sync::Arc::new(Count::default()));
    let mut turns = [pin!(slots.turn()), pin!(slots.turn())];
    for (turn, count) in turns.iter_mut().zip(&counts) {
        assert!(poll(turn.as_mut(), count).is_pending());
    }
    release(&slots, taken);
    // Before any slot goes back again, which would wake whoever was forgotten.
    let tickets = turns.each_mut().map(|turn| poll(turn.as_mut(), &std::sync::Arc::default()));
    assert_eq!(counts.map(|count| count.get()), [1, 1], "one wake for each slot");
    for ticket in tickets {
        match ticket {
            Poll::Ready(ticket) => slots.use_up(ticket),
            Poll::Pending => panic!("a slot was free, and nobody was ahead"),
        }
    }
    slots.all_are_free();
}

#[test]
fn a_waiter_that_leaves_as_it_is_served_loses_no_slot() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let slot = slots.shelf().try_take().expect("it is free");
        let count = std::sync::Arc::new(Count::default());
        let mut turn = Box::pin(slots.turn());
        assert!(poll(turn.as_mut(), &count).is_pending());
        let other = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.shelf().release(slot)
        });
        drop(turn);
        other.join().expect("no panic");
        assert!(count.get() <= 1);
        slots.all_are_free();
    });
}

#[test]
fn a_waiter_that_leaves_as_it_is_served_passes_the_slot_on() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let slot = slots.shelf().try_take().expect("it is free");
        let counts = [(); 2].map(|()| std::sync::Arc::new(Count::default()));
        let mut leaving = Box::pin(slots.turn());
        let mut staying = pin!(slots.turn());
        assert!(poll(leaving.as_mut(), &counts[0]).is_pending());
        assert!(poll(staying.as_mut(), &counts[1]).is_pending());
        let other = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.shelf().release(slot)
        });
        drop(leaving);
        other.join().expect("no panic");
        assert_eq!(counts[1].get(), 1, "the second waiter was not woken, or twice");
        match poll(staying.as_mut(), &counts[1]) {
            Poll::Ready(ticket) => slots.use_up(ticket),
            Poll::Pending => panic!("the slot was lost"),
        }
        slots.all_are_free();
    });
}

#[test]
fn a_waiter_that_moves_to_another_task_is_woken_there() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let slot = slots.shelf().try_take().expect("it is free");
        let counts = [(); 2].map(|()| std::sync::Arc::new(Count::default()));
        let mut turn = pin!(slots.turn());
        assert!(poll(turn.as_mut(), &counts[0]).is_pending());
        let other = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.shelf().release(slot)
        });
        let early = poll(turn.as_mut(), &counts[1]);
        other.join().expect("no panic");
        match early {
            Poll::Ready(ticket) => slots.use_up(ticket),
            Poll::Pending => {
                assert_eq!((counts[0].get(), counts[1].get()), (0, 1), "the task that polled last is woken");
                match poll(turn.as_mut(), &counts[1]) {
                    Poll::Ready(ticket) => slots.use_up(ticket),
                    Poll::Pending => panic!("the slot was lost"),
                }
            }
        }
        slots.all_are_free();
    });
}

#[test]
fn a_waiter_and_one_that_tries_get_the_slot_one_after_the_other() {
    bounded(|| {
        let slots = Slots::<1>::new();
        let ticket = slots.try_take().expect("it is free");
        let waiter = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.use_up(block_on(slots.turn()))
        });
        let trier = thread::spawn({
            let slots = Arc::clone(&slots);
            move || slots.try_use()
        });
        slots.use_up(ticket);
        waiter.join().expect("no panic");
        trier.join().expect("no panic");
        slots.all_are_free();
    });
}

#[test]
fn a_waiter_that_comes_and_goes_leaves_the_first_its_turn() {
    loom::model(|| {
        let slots = Slots::<1>::new();
        let ticket = slots.try_take().expect("it is free");
        let count = std::sync::Arc::new(Count::default());
        let mut first = pin!(slots.turn());
        assert!(poll(first.as_mut(), &count).is_pending());
        let visitor = thread::spawn({
            let slots = Arc::clone(&slots);
            move || {
                let mut turn = Box::pin(slots.turn());
                assert!(turn.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
        });
        slots.use_up(ticket);
        visitor.join().expect("no panic");
        assert_eq!(count.get(), 1);
        match poll(first.as_mut(), &count) {
            Poll::Ready(ticket) => slots.use_up(ticket),
            Poll::Pending => panic!("the slot was lost"),
        }
        slots.all_are_free();
    });
}
