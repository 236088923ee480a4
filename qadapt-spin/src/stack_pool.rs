//! A bounded pool of call stacks, each kept for as long as somebody holds it.

use core::fmt;

use crate::primitive::{AtomicU64, AtomicUsize, Ordering};
use crate::stack::Stack;
use crate::stack_table::Slot;

/// A bounded, lock-free pool of call stacks that are given back.
///
/// Unlike [`StackTable`](crate::StackTable) it does not look for equal stacks: each [`keep`](Self::keep) takes a place of
/// its own, and whoever keeps a stack gives it back. Everything here takes a bounded number of steps, whatever other
/// threads do, and may run inside an allocator call or in a signal handler. A pool takes `SLOTS * (8 * FRAMES + 32)`
/// bytes on a 64-bit target, all of them zero at first.
///
/// # Algorithm
///
/// A place counts its holders. 0 to 1 by compare-exchange claims it, and only its claimer writes to it; the last holder
/// takes the count back to 0. The search begins where the last one ended.
///
/// # Examples
///
/// ```
/// use qadapt_spin::StackPool;
///
/// static STACKS: StackPool<2, 16> = StackPool::new();
///
/// let kept = STACKS.keep(&[0x5000_1000, 0x5000_2000], [8, 0]).expect("there is room");
/// assert_eq!(STACKS.stack(kept).expect("it is held").frames(), [0x5000_1000, 0x5000_2000]);
/// STACKS.give_back(kept);
/// assert!(STACKS.stack(kept).is_none());
/// ```
pub struct StackPool<const SLOTS: usize, const FRAMES: usize> {
    /// Where the next search begins.
    next: AtomicUsize,
    places: [Place<FRAMES>; SLOTS],
}

struct Place<const FRAMES: usize> {
    /// 0 for a free place.
    holders: AtomicUsize,
    /// The number of frames.
    len: AtomicUsize,
    tag: [AtomicU64; 2],
    frames: [AtomicUsize; FRAMES],
}

impl<const SLOTS: usize, const FRAMES: usize> StackPool<SLOTS, FRAMES> {
    /// Evaluated by `new`.
    const SLOTS_FIT: () = assert!(0 < SLOTS && SLOTS <= 1 << 31, "a StackPool has 1 to 2^31 slots");

    /// Makes a pool of free places; to give it none, or more than 2^31, is an error at compile time.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<256, 32> = StackPool::new();
    /// assert_eq!(STACKS.held(), 0);
    /// ```
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::SLOTS_FIT;
        Self { next: AtomicUsize::new(0), places: [const { Place::new() }; SLOTS] }
    }

    /// Makes a pool of free places; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        let () = Self::SLOTS_FIT;
        Self { next: AtomicUsize::new(0), places: core::array::from_fn(|_| Place::new()) }
    }

    /// Keeps a stack, with one holder; `None` if every place is held.
    ///
    /// Frames past the first `FRAMES` are cut. `tag` is the caller's, handed back with the stack.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<1, 4> = StackPool::new();
    ///
    /// let kept = STACKS.keep(&[1], [0, 0]);
    /// assert!(kept.is_some());
    /// assert_eq!(STACKS.keep(&[1], [0, 0]), None, "it is held");
    /// ```
    pub fn keep(&self, frames: &[usize], tag: [u64; 2]) -> Option<Slot> {
        // Relaxed: any place would do. A place can be given back behind the search while another is taken before it:
        // so there is a second round and a third.
        let first = self.next.load(Ordering::Relaxed) % SLOTS;
        let round = (first..SLOTS).chain(0..first);
        for index in round.clone().chain(round.clone()).chain(round) {
            let place = self.places.get(index)?;
            // Acquire pairs with the Release in `give_back`: whoever held the place before has read it for the last
            // time. A failure reads nothing.
            if place.holders.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                place.write(frames, tag);
                self.next.store(index + 1, Ordering::Relaxed);
                return u32::try_from(index).ok().map(Slot::numbered);
            }
        }
        None
    }

    /// Adds a holder to a stack that is held.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<1, 4> = StackPool::new();
    ///
    /// let kept = STACKS.keep(&[1], [0, 0]).expect("there is room");
    /// STACKS.share(kept);
    /// STACKS.give_back(kept);
    /// assert_eq!(STACKS.stack(kept).expect("it is still held").frames(), [1]);
    /// ```
    pub fn share(&self, slot: Slot) {
        if let Some(place) = self.places.get(slot.index()) {
            // Relaxed: the caller is a holder, so the place is not free meanwhile.
            place.holders.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes a holder away. The caller must be one: another's stack would go.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<1, 4> = StackPool::new();
    ///
    /// let kept = STACKS.keep(&[1], [0, 0]).expect("there is room");
    /// STACKS.give_back(kept);
    /// assert_eq!(STACKS.held(), 0);
    /// ```
    pub fn give_back(&self, slot: Slot) {
        if let Some(place) = self.places.get(slot.index()) {
            // Release pairs with the Acquire in `keep`. A free place stays free.
            let _ = place
                .holders
                .fetch_update(Ordering::Release, Ordering::Relaxed, |holders| holders.checked_sub(1));
        }
    }

    /// Copies a stack out, for one of its holders; `None` if nobody holds it.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<8, 4> = StackPool::new();
    ///
    /// let kept = STACKS.keep(&[1, 2], [24, 8]).expect("there is room");
    /// let stack = STACKS.stack(kept).expect("it is held");
    /// assert_eq!((stack.frames(), stack.tag()), (&[1, 2][..], [24, 8]));
    /// ```
    #[must_use]
    pub fn stack(&self, slot: Slot) -> Option<Stack<FRAMES>> {
        let place = self.places.get(slot.index())?;
        // Relaxed: a holder on another thread was given the slot by one who wrote or read the place before.
        (place.holders.load(Ordering::Relaxed) > 0).then(|| place.read())
    }

    /// How many places are held.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackPool;
    ///
    /// static STACKS: StackPool<8, 4> = StackPool::new();
    ///
    /// STACKS.keep(&[1], [0, 0]);
    /// assert_eq!(STACKS.held(), 1);
    /// ```
    #[must_use]
    pub fn held(&self) -> usize {
        // Relaxed: a count that guards nothing.
        self.places.iter().filter(|place| place.holders.load(Ordering::Relaxed) > 0).count()
    }
}

impl<const SLOTS: usize, const FRAMES: usize> Default for StackPool<SLOTS, FRAMES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SLOTS: usize, const FRAMES: usize> fmt::Debug for StackPool<SLOTS, FRAMES> {
    /// Shows how full the pool is, not what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackPool")
            .field("held", &self.held())
            .field("slots", &SLOTS)
            .field("frames", &FRAMES)
            .finish()
    }
}

impl<const FRAMES: usize> Place<FRAMES> {
    #[cfg(not(loom))]
    const fn new() -> Self {
        Self {
            holders: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            tag: [const { AtomicU64::new(0) }; 2],
            frames: [const { AtomicUsize::new(0) }; FRAMES],
        }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self {
            holders: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            tag: core::array::from_fn(|_| AtomicU64::new(0)),
            frames: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// Called by the claimer. Relaxed, all: nobody else knows of the place before `keep` has returned.
    fn write(&self, frames: &[usize], tag: [u64; 2]) {
        for (place, &frame) in self.frames.iter().zip(frames) {
            place.store(frame, Ordering::Relaxed);
        }
        for (place, value) in self.tag.iter().zip(tag) {
            place.store(value, Ordering::Relaxed);
        }
        self.len.store(frames.len().min(FRAMES), Ordering::Relaxed);
    }

    /// Called by a holder. Relaxed, all: nobody writes while it is held.
    fn read(&self) -> Stack<FRAMES> {
        let mut stack = Stack { frames: [0; FRAMES], len: self.len.load(Ordering::Relaxed), tag: [0; 2] };
        for (frame, place) in stack.frames.iter_mut().zip(&self.frames) {
            *frame = place.load(Ordering::Relaxed);
        }
        for (value, place) in stack.tag.iter_mut().zip(&self.tag) {
            *value = place.load(Ordering::Relaxed);
        }
        stack
    }
}
