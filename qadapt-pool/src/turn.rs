//! Waiting for a slot.
#![expect(unsafe_code, reason = "the node is part of a queue while the future is pinned")]

use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::queue::Node;
use crate::shelf::Shelf;
use crate::ticket::Ticket;

/// A future that ends with a slot, in the order in which such futures were first polled.
pub(crate) struct Turn<'p> {
    shelf: &'p Shelf,
    stage: Stage,
    node: Node,
    /// The queue points to the node.
    _pinned: PhantomPinned,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    /// The node is in the queue, or has been given a slot.
    Queued,
    Done,
}

// SAFETY: what others touch of the node they touch while they hold the gate, or through atomics; the rest is the owner's.
unsafe impl Send for Turn<'_> {}
// SAFETY: a shared reference gives access to nothing.
unsafe impl Sync for Turn<'_> {}

impl<'p> Turn<'p> {
    pub(crate) fn new(shelf: &'p Shelf) -> Self {
        Self { shelf, stage: Stage::Fresh, node: Node::new(), _pinned: PhantomPinned }
    }

    /// True until the first poll.
    pub(crate) fn is_fresh(&self) -> bool {
        self.stage == Stage::Fresh
    }

    /// Ends it before its first poll.
    pub(crate) fn end(self: Pin<&mut Self>) {
        // SAFETY: nothing is moved out of it.
        let this = unsafe { self.get_unchecked_mut() };
        if this.is_fresh() {
            this.stage = Stage::Done;
        }
    }

    fn done(&mut self, slot: usize) -> Poll<Ticket<'p>> {
        self.stage = Stage::Done;
        Poll::Ready(Ticket::new(self.shelf, slot))
    }
}

impl<'p> Future for Turn<'p> {
    type Output = Ticket<'p>;

    /// # Panics
    /// If polled again after it has ended.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: nothing is moved out of it, and the node stays where it is.
        let this = unsafe { self.get_unchecked_mut() };
        match this.stage {
            Stage::Fresh => {
                if let Some(slot) = this.shelf.try_take() {
                    return this.done(slot);
                }
                let waker = context.waker().clone();
                this.stage = Stage::Queued;
                // SAFETY: the node was in no queue before. It is pinned, so that it stays alive and where it is until
                // `drop`, which takes it out of the queue.
                unsafe { this.shelf.join(NonNull::from(&this.node), waker) };
            }
            Stage::Queued if this.node.given().is_none() => {
                // SAFETY: `join` queued the node up, and only `drop` has it leave.
                unsafe { this.shelf.renew(&this.node, context.waker()) };
            }
            Stage::Queued => {}
            Stage::Done => panic!("a future of a pool was polled after it had ended"),
        }
        match this.node.given() {
            Some(slot) => this.done(slot),
            None => Poll::Pending,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.stage != Stage::Queued {
            return;
        }
        match self.node.given() {
            Some(slot) => self.shelf.release(slot),
            // SAFETY: `join` queued the node up, and nothing but this has it leave.
            None => unsafe { self.shelf.leave(NonNull::from(&self.node)) },
        }
    }
}
