//! A list of blocks that wait to be freed, linked through the blocks themselves.
#![expect(unsafe_code, reason = "a block that nobody uses any more is written to and read")]

use core::fmt;
use core::ptr::{self, NonNull};

use crate::primitive::{AtomicBool, AtomicPtr, Ordering};

/// What a waiting block begins with.
///
/// It takes two words, so a block must have room for two and be aligned to a word.
pub struct Link {
    /// The block that was pushed before: null for none, [`UNKNOWN`] until the pusher has said which.
    next: AtomicPtr<Link>,
    /// The pusher's own.
    note: usize,
}

/// Stands in the last link of a chain that is being pushed.
const UNKNOWN: *mut Link = ptr::without_provenance_mut(1);

impl Link {
    /// The link of a block that is alone so far; `note` is handed to whoever takes the block.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(note: usize) -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), note }
    }

    /// The same; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new(note: usize) -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), note }
    }

    /// The link of a block that stands before another one, in a chain that is still its maker's own.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn before(next: NonNull<Self>, note: usize) -> Self {
        Self { next: AtomicPtr::new(next.as_ptr()), note }
    }

    /// The same; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn before(next: NonNull<Self>, note: usize) -> Self {
        Self { next: AtomicPtr::new(next.as_ptr()), note }
    }
}

/// Blocks that wait, pushed by any thread and taken by one at a time.
///
/// A push is one exchange and two stores, whatever other threads do; it may run inside an allocator call or in a signal
/// handler. Whoever takes blocks is alone at it: [`take`](Self::take) gives nothing while another thread takes.
///
/// # Algorithm
///
/// ```text
/// newest -> D -> C -> ?        rest -> B -> A -> null
///                     the pusher of C and D has not said yet what follows
/// ```
/// A push exchanges `newest` for its first block, and then writes what was there before into its last one. Between the two
/// nobody knows what follows: a taker that comes there stops, and the next one goes on. A taker exchanges `newest` for
/// null, so that no block is ever compared with one that came back at the same address (the ABA problem), and keeps what it
/// does not take in `rest`.
///
/// # Examples
///
/// ```
/// use std::ptr::NonNull;
/// use qadapt_spin::{BlockList, Link};
///
/// static WAITING: BlockList = BlockList::new();
///
/// let block = NonNull::from(Box::leak(Box::new(Link::new(7))));
/// // SAFETY: the block is a link, and nobody else uses it.
/// unsafe { WAITING.push(block, block) };
///
/// let mut taker = WAITING.take().expect("nobody else takes");
/// let (taken, note) = taker.next_if(|_| true).expect("one block waits");
/// assert_eq!((taken, note), (block, 7));
/// assert!(taker.next_if(|_| true).is_none());
/// // SAFETY: it was made by a `Box`, and has left the list.
/// drop(unsafe { Box::from_raw(taken.as_ptr()) });
/// ```
pub struct BlockList {
    /// The block that was pushed last, null for none.
    newest: AtomicPtr<Link>,
    /// What is left of what was taken from `newest`, null for nothing. Its holder alone touches it.
    rest: AtomicPtr<Link>,
    /// Whether someone takes.
    is_taken: AtomicBool,
}

impl BlockList {
    /// Makes an empty list.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            newest: AtomicPtr::new(ptr::null_mut()),
            rest: AtomicPtr::new(ptr::null_mut()),
            is_taken: AtomicBool::new(false),
        }
    }

    /// Makes an empty list; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            newest: AtomicPtr::new(ptr::null_mut()),
            rest: AtomicPtr::new(ptr::null_mut()),
            is_taken: AtomicBool::new(false),
        }
    }

    /// Adds a chain of blocks, from its first one to its last one, which may be the same.
    ///
    /// # Safety
    /// From `first` each block's link leads to the next one, up to `last`. All of them are valid links, which nobody else
    /// touches until a [`Taker`] hands them out.
    #[inline]
    pub unsafe fn push(&self, first: NonNull<Link>, last: NonNull<Link>) {
        // SAFETY: the caller says that `last` is a valid link, and it stays one until what follows is known.
        let Link { next, note: _ } = unsafe { last.as_ref() };
        // Relaxed: the exchange publishes it.
        next.store(UNKNOWN, Ordering::Relaxed);
        // Release pairs with the Acquire of the exchange in `next_if`: a taker sees the links of the chain, of all chains
        // pushed before it too, since exchanges continue each other's release. Acquire orders this chain behind those.
        let older = self.newest.swap(first.as_ptr(), Ordering::AcqRel);
        // Release pairs with the Acquire load in `next_if`. From here on the block can be gone.
        next.store(older, Ordering::Release);
    }

    /// Begins to take blocks out; `None` while someone else takes.
    #[must_use]
    pub fn take(&self) -> Option<Taker<'_>> {
        // Acquire pairs with the Release in the taker's drop: its `rest` is seen. A failure reads nothing.
        let begun = self.is_taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
        // Made only now: the drop of one that is not handed out would let others in.
        begun.is_ok().then(|| Taker { list: self })
    }
}

impl Default for BlockList {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes blocks out of a list, the newest first.
pub struct Taker<'a> {
    list: &'a BlockList,
}

impl Taker<'_> {
    /// Takes the next block and its note out, if `wanted` says so of the note. `None` if not, if the list is empty, or if it is
    /// being pushed and not yet known which block follows.
    pub fn next_if(&mut self, wanted: impl FnOnce(usize) -> bool) -> Option<(NonNull<Link>, usize)> {
        let BlockList { newest, rest, is_taken: _ } = self.list;
        // Relaxed, and below: `rest` is this taker's.
        let block = NonNull::new(rest.load(Ordering::Relaxed)).or_else(|| {
            // Acquire pairs with the Release of the exchange in `push`.
            let taken = newest.swap(ptr::null_mut(), Ordering::Acquire);
            rest.store(taken, Ordering::Relaxed);
            NonNull::new(taken)
        })?;
        // SAFETY: whoever pushed the block says that it is a valid link until a taker hands it out, and only this one can.
        let link = unsafe { block.as_ref() };
        // Acquire pairs with the Release store in `push`.
        let next = link.next.load(Ordering::Acquire);
        if next == UNKNOWN || !wanted(link.note) {
            return None;
        }
        rest.store(next, Ordering::Relaxed);
        Some((block, link.note))
    }
}

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `take`.
        self.list.is_taken.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("note", &self.note).finish_non_exhaustive()
    }
}

impl fmt::Debug for BlockList {
    /// Shows whether something waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = |place: &AtomicPtr<Link>| !place.load(Ordering::Relaxed).is_null();
        let is_empty = !(waits(&self.newest) || waits(&self.rest));
        f.debug_struct("BlockList").field("is_empty", &is_empty).finish_non_exhaustive()
    }
}

impl fmt::Debug for Taker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taker").field("list", self.list).finish()
    }
}
