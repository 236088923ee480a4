//! The waiters of a shelf in the order of their arrival: a list through nodes that lie in their futures.
#![expect(unsafe_code, reason = "the list goes through memory that others own")]

use core::ptr::NonNull;
use core::task::Waker;

use crate::primitive::{AtomicUsize, Cell, Ordering};

/// No slot has this number: there are fewer slots than bytes of memory.
const NONE: usize = usize::MAX;

/// A waiter's place in the queue.
///
/// Who holds the gate may touch links and waker of each node in the queue. A node leaves the queue in two ways: its
/// owner takes it out, or it is given a slot. The store to `given` is then the last access by anyone but its owner.
pub(crate) struct Node {
    links: Cell<Links>,
    waker: Cell<Option<Waker>>,
    given: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
struct Links {
    before: Option<NonNull<Node>>,
    after: Option<NonNull<Node>>,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self { links: Cell::new(Links::default()), waker: Cell::new(None), given: AtomicUsize::new(NONE) }
    }

    /// The slot that the node was given.
    #[inline]
    pub(crate) fn given(&self) -> Option<usize> {
        // Acquire pairs with the Release in `Queue::serve`: the waker was taken out before, and what the slot's last owner
        // did to its memory happened before.
        match self.given.load(Ordering::Acquire) {
            NONE => None,
            slot => Some(slot),
        }
    }

    /// Puts in a waker, and returns the one that was there.
    ///
    /// # Safety
    /// The caller holds the gate, or the node is in no queue and belongs to the caller.
    pub(crate) unsafe fn set_waker(&self, waker: Option<Waker>) -> Option<Waker> {
        // SAFETY: nobody else accesses the waker, as the caller vouches.
        self.waker.with_mut(|cell| core::mem::replace(unsafe { &mut *cell }, waker))
    }

    /// True if waking the node would wake the same task as this waker.
    ///
    /// # Safety
    /// As for [`set_waker`](Self::set_waker).
    pub(crate) unsafe fn would_wake(&self, waker: &Waker) -> bool {
        // SAFETY: nobody else accesses the waker, as the caller vouches.
        self.waker.with_mut(|cell| unsafe { &*cell }.as_ref().is_some_and(|own| own.will_wake(waker)))
    }

    /// # Safety
    /// The caller holds the gate of the queue that the node is in or goes to.
    unsafe fn links<R>(&self, work: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: nobody else accesses the links, as the caller vouches.
        self.links.with_mut(|cell| work(unsafe { &mut *cell }))
    }
}

/// The first and the last waiter. Zeroed memory is an empty queue.
///
/// Each node in the queue is alive and does not move: who pushes vouches for that.
#[derive(Default)]
pub(crate) struct Queue {
    first: Option<NonNull<Node>>,
    last: Option<NonNull<Node>>,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self { first: None, last: None }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Puts a node behind the others.
    ///
    /// # Safety
    /// The node is in no queue. It stays alive and where it is until it has left this queue. The caller holds the gate.
    pub(crate) unsafe fn push(&mut self, node: NonNull<Node>) {
        let before = self.last.replace(node);
        // SAFETY: the node is alive, and the caller holds the gate.
        unsafe { set_links(node, |links| *links = Links { before, after: None }) };
        match before {
            // SAFETY: a node in the queue is alive, and the caller holds the gate.
            Some(before) => unsafe { set_links(before, |links| links.after = Some(node)) },
            None => self.first = Some(node),
        }
    }

    /// Takes a node out.
    ///
    /// # Safety
    /// The node is in this queue, and the caller holds the gate.
    pub(crate) unsafe fn remove(&mut self, node: NonNull<Node>) {
        let mut own = Links::default();
        // SAFETY: a node in the queue is alive, and the caller holds the gate.
        unsafe { set_links(node, |links| own = core::mem::take(links)) };
        match own.before {
            // SAFETY: as above.
            Some(before) => unsafe { set_links(before, |links| links.after = own.after) },
            None => self.first = own.after,
        }
        match own.after {
            // SAFETY: as above.
            Some(after) => unsafe { set_links(after, |links| links.before = own.before) },
            None => self.last = own.before,
        }
    }

    /// Gives the first waiter a slot, if `find` has one. That waiter is out of the queue then, and its waker is returned:
    /// who is awake must not call it before the gate is open.
    ///
    /// # Safety
    /// The caller holds the gate.
    pub(crate) unsafe fn serve(&mut self, find: impl FnOnce() -> Option<usize>) -> Option<Served> {
        let node = self.first?;
        let slot = find()?;
        // SAFETY: the node is the queue's first, and the caller holds the gate.
        unsafe { self.remove(node) };
        // SAFETY: a node in the queue is alive until it is given a slot, which happens only below.
        let served = unsafe { node.as_ref() };
        // SAFETY: the caller holds the gate.
        let waker = unsafe { served.set_waker(None) };
        // Release pairs with the Acquire in `Node::given`. From here on the node may be gone.
        served.given.store(slot, Ordering::Release);
        Some(Served { node, waker })
    }
}

/// Who was given a slot; the node may be gone, so that its address is only good for comparing.
pub(crate) struct Served {
    pub(crate) node: NonNull<Node>,
    pub(crate) waker: Option<Waker>,
}

/// # Safety
/// The node is alive, and the caller holds the gate.
unsafe fn set_links(node: NonNull<Node>, work: impl FnOnce(&mut Links)) {
    // SAFETY: the node is alive, as the caller vouches.
    let node = unsafe { node.as_ref() };
    // SAFETY: the caller holds the gate.
    unsafe { node.links(work) };
}
