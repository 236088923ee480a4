//! Slots by number, and who waits for one: what all pools are made of.
#![expect(unsafe_code, reason = "the queue goes through memory that others own")]

use core::mem;
use core::ptr::NonNull;
use core::task::Waker;

use crate::bitmap::Bitmap;
use crate::gate::{Gate, Held};
use crate::primitive::{AtomicUsize, Cell, order};
use crate::queue::{Node, Queue};

/// The slots of a pool by number, without their memory: which are taken, and who waits.
///
/// `W` is an array of as many words as there are slots; without its length it is a slice, so that no box needs to know
/// how many there are. Zeroed memory is a shelf whose slots are all free.
#[repr(C)]
pub(crate) struct Shelf<W: ?Sized = [AtomicUsize]> {
    gate: Gate,
    /// Touched by who holds the gate.
    queue: Cell<Queue>,
    bitmap: Bitmap<W>,
}

// SAFETY: the queue, with the nodes in it, is touched by who holds the gate alone, and wakers may go to other threads.
unsafe impl<W: ?Sized + Sync> Sync for Shelf<W> {}
// SAFETY: a shelf moves only while nobody borrows it; of a queue that is not empty then, the futures were forgotten, and
// nobody touches them any more.
unsafe impl<W: Send> Send for Shelf<W> {}

impl<W> Shelf<W> {
    /// Both the word and the words must be zero, and the queue empty.
    pub(crate) const fn over(word: AtomicUsize, queue: Cell<Queue>, words: W) -> Self {
        Self { gate: Gate::over(word), queue, bitmap: Bitmap::over(words) }
    }
}

impl Shelf {
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.bitmap.len()
    }

    pub(crate) fn count_free(&self) -> usize {
        self.bitmap.count_free()
    }

    pub(crate) fn has_waiters(&self) -> bool {
        self.gate.has_waiters()
    }

    /// Takes a free slot, unless someone waits for one.
    #[inline]
    pub(crate) fn try_take(&self) -> Option<usize> {
        if self.gate.has_waiters() { None } else { self.bitmap.take() }
    }

    /// Gives a slot back, and wakes the first waiter if there is one; never waits.
    #[inline]
    pub(crate) fn release(&self, slot: usize) {
        self.bitmap.give_back(slot);
        order();
        if !self.gate.is_quiet() {
            self.offer(slot);
        }
    }

    /// Sees to it that a slot that was given back goes to the first waiter, now or by whoever holds the gate.
    #[cold]
    fn offer(&self, slot: usize) {
        if let Some(held) = self.gate.lock_or_ask() {
            self.settle(held, slot, None);
        }
    }

    /// Queues a node up and gives it a slot if it is its turn at once; then its waker is not called.
    ///
    /// # Safety
    /// The node is in no queue. It stays alive and where it is until it has been given a slot or `leave` has returned.
    pub(crate) unsafe fn join(&self, node: NonNull<Node>, waker: Waker) {
        let held = self.gate.lock();
        // SAFETY: the node is alive, as the caller vouches.
        let own = unsafe { node.as_ref() };
        // SAFETY: the gate is held.
        let before = unsafe { own.set_waker(Some(waker)) };
        debug_assert!(before.is_none(), "a node in no queue has no waker");
        // SAFETY: the caller vouches for the node, and the gate is held.
        self.queue.with_mut(|queue| unsafe { push(queue, node) });
        // Who gives back a slot from here on sees that the gate is not quiet; what was given back before is found now.
        order();
        self.settle(held, 0, Some(node));
    }

    /// Has a waiting node wake another task.
    ///
    /// # Safety
    /// The node has been queued up here by `join`, and has not left.
    pub(crate) unsafe fn renew(&self, node: &Node, waker: &Waker) {
        let held = self.gate.lock();
        // SAFETY: the gate is held.
        let is_new = node.given().is_none() && unsafe { !node.would_wake(waker) };
        self.finish(held);
        if !is_new {
            return;
        }
        // Cloning and dropping a waker is code of its executor's, so that both happen with the gate open.
        let waker = waker.clone();
        let held = self.gate.lock();
        let is_waiting = node.given().is_none();
        // SAFETY: the gate is held.
        let old = if is_waiting { unsafe { node.set_waker(Some(waker)) } } else { Some(waker) };
        self.finish(held);
        drop(old);
    }

    /// Takes a node out of the queue. If it has been given a slot meanwhile, that goes to the next waiter.
    ///
    /// # Safety
    /// The node has been queued up here by `join`, and has not left.
    pub(crate) unsafe fn leave(&self, node: NonNull<Node>) {
        // SAFETY: the node is alive, as the caller vouches.
        let own = unsafe { node.as_ref() };
        let held = self.gate.lock();
        if let Some(slot) = own.given() {
            self.finish(held);
            self.release(slot);
            return;
        }
        // SAFETY: the node is in the queue, since it was given nothing, and the gate is held.
        self.queue.with_mut(|queue| unsafe { remove(queue, node) });
        // SAFETY: the gate is held.
        let waker = unsafe { own.set_waker(None) };
        self.finish(held);
        drop(waker);
    }

    /// Opens the gate, after having seen to what was asked for meanwhile.
    fn finish(&self, held: Held<'_>) {
        if let Err(held) = held.open(self.is_waited_for()) {
            self.settle(held, 0, None);
        }
    }

    /// Gives free slots to waiters in their order, opens the gate, and only then calls their wakers.
    ///
    /// One slot was given back, so one is given. If someone asks to look again, several may have been given back since,
    /// and the search goes on until it finds nothing. `near` is where it begins. The waker of `own` is dropped instead
    /// of called.
    fn settle(&self, held: Held<'_>, near: usize, own: Option<NonNull<Node>>) {
        let mut held = Some(held);
        let mut is_to_exhaust = false;
        while let Some(now) = held.take() {
            is_to_exhaust |= now.was_asked();
            let find = || self.bitmap.take_near(near);
            // SAFETY: the gate is held.
            let served = self.queue.with_mut(|queue| unsafe { serve(queue, find) });
            let is_waited_for = self.is_waited_for();
            let Some(served) = served else {
                // Nothing is free, or nobody waits.
                held = now.open(is_waited_for).err();
                continue;
            };
            is_to_exhaust |= now.open_anyway(is_waited_for);
            let goes_on = is_to_exhaust && is_waited_for;
            let again = Again { shelf: self, near, is_needed: goes_on };
            match served.waker {
                Some(waker) if own != Some(served.node) => waker.wake(),
                others => drop(others),
            }
            mem::forget(again);
            if goes_on {
                held = self.gate.lock_or_ask();
            }
        }
    }

    /// The gate must be held.
    fn is_waited_for(&self) -> bool {
        // SAFETY: the gate is held, so that nobody else touches the queue.
        self.queue.with_mut(|queue| unsafe { !(*queue).is_empty() })
    }
}

/// Goes on with the search where a waker panics.
struct Again<'a> {
    shelf: &'a Shelf,
    near: usize,
    is_needed: bool,
}

impl Drop for Again<'_> {
    fn drop(&mut self) {
        if self.is_needed {
            self.shelf.offer(self.near);
        }
    }
}

/// # Safety
/// As for [`Queue::push`]; the pointer is the queue's, and the gate is held.
unsafe fn push(queue: *mut Queue, node: NonNull<Node>) {
    // SAFETY: the gate is held, so that nobody else touches the queue.
    let queue = unsafe { &mut *queue };
    // SAFETY: as the caller vouches.
    unsafe { queue.push(node) };
}

/// # Safety
/// As for [`Queue::remove`]; the pointer is the queue's, and the gate is held.
unsafe fn remove(queue: *mut Queue, node: NonNull<Node>) {
    // SAFETY: the gate is held, so that nobody else touches the queue.
    let queue = unsafe { &mut *queue };
    // SAFETY: as the caller vouches.
    unsafe { queue.remove(node) };
}

/// # Safety
/// As for [`Queue::serve`]; the pointer is the queue's, and the gate is held.
unsafe fn serve(queue: *mut Queue, find: impl FnOnce() -> Option<usize>) -> Option<crate::queue::Served> {
    // SAFETY: the gate is held, so that nobody else touches the queue.
    let queue = unsafe { &mut *queue };
    // SAFETY: as the caller vouches.
    unsafe { queue.serve(find) }
}
