//! A bounded table in which each distinct call stack is kept once.

use core::fmt;

use crate::{
    Key,
    primitive::{AtomicU64, AtomicUsize, Ordering},
    stack::Stack,
};

/// A bounded, lock-free table of call stacks that keeps each distinct stack once and counts its occurrences.
///
/// `SLOTS` stacks of at most `FRAMES` return addresses fit; slots are never freed, so a [`Slot`] stays good for the life
/// of the table. Everything here takes a bounded number of steps, whatever other threads do, and may run inside
/// an allocator call or in a signal handler that interrupts any of these functions. A table takes
/// `SLOTS * (8 * FRAMES + 48) + 8` bytes on a 64-bit target, all of them zero at first, so a static one lies in `.bss`.
///
/// # Algorithm
///
/// Linear probing over the keys (Knuth, The Art of Computer Programming, volume 3, section 6.4), which lie side by side
/// so that even a full table is searched through few cache lines. A slot's key goes from empty to a value once, by
/// compare-exchange, and never changes again. Inserters of one key therefore walk past the same foreign keys and
/// meet in the same slot: no key is in the table twice. Whoever claims a slot writes frames and tag and then publishes
/// the length; everyone else who meets the key goes on at once, without waiting for the claimer.
///
/// A slot whose claimer is interrupted before it has published, or stayed behind in the parent of a forked child,
/// has occurrences but no [`stack`](Self::stack).
///
/// # Examples
///
/// ```
/// use qadapt_spin::{Key, StackTable};
///
/// static STACKS: StackTable<64, 16> = StackTable::new();
///
/// let frames = [0x5000_1000, 0x5000_2000];
/// for _ in 0..3 {
///     let slot = STACKS.insert(Key::of(0, &frames), &frames, [8, 0]).expect("there is room");
///     STACKS.hit(slot);
/// }
///
/// for slot in STACKS.slots() {
///     let stack = STACKS.stack(slot).expect("its inserter has returned");
///     assert_eq!(stack.frames(), frames);
///     assert_eq!(STACKS.take_unreported(slot), 3);
/// }
/// ```
pub struct StackTable<const SLOTS: usize, const FRAMES: usize> {
    /// 0 is an empty slot.
    keys: [AtomicU64; SLOTS],
    records: [Record<FRAMES>; SLOTS],
    /// At least the number of claimed slots: a list of few need not look at every key.
    claims: AtomicUsize,
}

impl<const SLOTS: usize, const FRAMES: usize> StackTable<SLOTS, FRAMES> {
    /// Evaluated by `new`: a table with no slot, or more than a [`Slot`] can number, does not compile.
    const SLOTS_FIT: () = assert!(0 < SLOTS && SLOTS <= 1 << 31, "a StackTable has 1 to 2^31 slots");

    /// Makes an empty table; to give it no slots, or more than 2^31, is an error at compile time.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::StackTable;
    ///
    /// static STACKS: StackTable<1024, 32> = StackTable::new();
    /// assert_eq!(STACKS.slots().count(), 0);
    /// ```
    ///
    /// ```compile_fail
    /// static STACKS: qadapt_spin::StackTable<0, 32> = qadapt_spin::StackTable::new();
    /// ```
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::SLOTS_FIT;
        Self {
            keys: [const { AtomicU64::new(0) }; SLOTS],
            records: [const { Record::new() }; SLOTS],
            claims: AtomicUsize::new(0),
        }
    }

    /// Makes an empty table; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        let () = Self::SLOTS_FIT;
        Self {
            keys: core::array::from_fn(|_| AtomicU64::new(0)),
            records: core::array::from_fn(|_| Record::new()),
            claims: AtomicUsize::new(0),
        }
    }

    /// Finds the slot of a key, or claims one and keeps the stack there; `None` if the table is full without it.
    ///
    /// If the key is already there, `frames` and `tag` are ignored: the first inserter's stay. Frames past the first
    /// `FRAMES` are cut. `tag` is the caller's, kept and handed back with the stack. At most `SLOTS` keys are
    /// looked at. Nothing is counted: see [`hit`](Self::hit).
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<1, 2> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1, 2, 3]), &[1, 2, 3], [0, 0]);
    /// assert_eq!(STACKS.insert(Key::of(0, &[1, 2, 3]), &[1, 2, 3], [0, 0]), slot);
    /// assert_eq!(STACKS.insert(Key::of(0, &[9]), &[9], [0, 0]), None, "full");
    /// assert_eq!(slot.and_then(|slot| STACKS.stack(slot)).expect("published").frames(), [1, 2]);
    /// ```
    pub fn insert(&self, key: Key, frames: &[usize], tag: [u64; 2]) -> Option<Slot> {
        self.insert_within(SLOTS, key, frames, tag)
    }

    /// What [`insert`](Self::insert) does, but gives up after so many keys of others.
    ///
    /// Whoever always gives up after the same number finds each key again that was inserted so, since slots are never
    /// freed. So a chain of tables can be searched without going through each full one to its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: [StackTable<64, 2>; 2] = [const { StackTable::new() }; 2];
    ///
    /// let key = Key::of(0, &[1]);
    /// let place = STACKS.iter().position(|table| table.insert_within(8, key, &[1], [0, 0]).is_some());
    /// assert_eq!(place, Some(0));
    /// ```
    pub fn insert_within(&self, keys: usize, key: Key, frames: &[usize], tag: [u64; 2]) -> Option<Slot> {
        let wanted = key.get().get();
        let mut index = home(wanted, SLOTS);
        for _ in 0..keys.min(SLOTS) {
            let entry = self.keys.get(index)?;
            // Relaxed: the key itself is all that is read here; what belongs to it is guarded by `published`. A stale 0
            // is put right by the compare-exchange below, which sees the latest value.
            let mut found = entry.load(Ordering::Relaxed);
            if found == 0 {
                // Before the claim: one that is counted and then lost only makes the number higher. Relaxed: whoever is to
                // know of the slot learns of it in an order of its own, which then holds for this count too.
                self.claims.fetch_add(1, Ordering::Relaxed);
                // Relaxed, both ways: the claim orders nothing, it only has to be won by one, which every
                // compare-exchange gives.
                match entry.compare_exchange(0, wanted, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        self.records.get(index)?.publish(frames, tag);
                        found = wanted;
                    }
                    Err(winner) => found = winner,
                }
            }
            if found == wanted {
                return u32::try_from(index).ok().map(Slot);
            }
            index = if index + 1 < SLOTS { index + 1 } else { 0 };
        }
        None
    }

    /// Copies the stack out of a slot; `None` until its inserter has published it, and for another table's slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1, 2]), &[1, 2], [24, 8]).expect("there is room");
    /// let stack = STACKS.stack(slot).expect("published before insert returned");
    /// assert_eq!((stack.frames(), stack.tag()), (&[1, 2][..], [24, 8]));
    /// ```
    #[must_use]
    pub fn stack(&self, slot: Slot) -> Option<Stack<FRAMES>> {
        self.record(slot)?.read()
    }

    /// Counts one occurrence of a stack and returns how many there were, this one included; 0 for another table's slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// assert_eq!((STACKS.hit(slot), STACKS.hit(slot)), (1, 2));
    /// ```
    pub fn hit(&self, slot: Slot) -> u64 {
        // Relaxed: a count that guards nothing; a read-modify-write loses none.
        self.record(slot).map_or(0, |record| record.hits.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// How often a stack occurred; 0 for another table's slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// STACKS.hit(slot);
    /// assert_eq!(STACKS.hits(slot), 1);
    /// ```
    #[must_use]
    pub fn hits(&self, slot: Slot) -> u64 {
        // Relaxed: a count that guards nothing.
        self.record(slot).map_or(0, |record| record.hits.load(Ordering::Relaxed))
    }

    /// Adds to how many occurrences of a stack have been reported.
    ///
    /// Two reporters that each read [`unreported`](Self::unreported) and then mark what they read would mark the same
    /// occurrences twice; use this under a lock, or use [`take_unreported`](Self::take_unreported).
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// STACKS.hit(slot);
    /// STACKS.mark_reported(slot, 1);
    /// assert_eq!(STACKS.unreported(slot), 0);
    /// ```
    pub fn mark_reported(&self, slot: Slot, n: u64) {
        if let Some(record) = self.record(slot) {
            // Relaxed: a count that guards nothing; a read-modify-write loses none.
            record.reported.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// How many occurrences of a stack have not been reported yet; 0 if more were marked than occurred.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// STACKS.hit(slot);
    /// assert_eq!(STACKS.unreported(slot), 1);
    /// ```
    #[must_use]
    pub fn unreported(&self, slot: Slot) -> u64 {
        self.record(slot).map_or(0, |record| {
            // Relaxed: the two are not one snapshot whatever the ordering; the subtraction saturates.
            let reported = record.reported.load(Ordering::Relaxed);
            record.hits.load(Ordering::Relaxed).saturating_sub(reported)
        })
    }

    /// Marks all occurrences of a stack as reported and returns how many were not before.
    ///
    /// Each occurrence is handed to exactly one of several concurrent takers.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// STACKS.hit(slot);
    /// assert_eq!(STACKS.take_unreported(slot), 1);
    /// assert_eq!(STACKS.take_unreported(slot), 0);
    /// ```
    #[must_use = "what was taken is marked as reported"]
    pub fn take_unreported(&self, slot: Slot) -> u64 {
        self.record(slot).map_or(0, |record| {
            let hits = record.hits.load(Ordering::Relaxed);
            // Relaxed, both: takers meet only in this read-modify-write, and each gets what lies between the highest mark
            // before it and its own, so no two get the same occurrence.
            hits.saturating_sub(record.reported.fetch_max(hits, Ordering::Relaxed))
        })
    }

    /// The slots claimed so far, in the order of the table; one may be claimed and not yet published.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// assert!(STACKS.slots().eq([slot]));
    /// ```
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        // Relaxed, both: only which slots are claimed; `stack` orders what is read from them.
        let claimed = (0..).zip(&self.keys).filter(|(_, key)| key.load(Ordering::Relaxed) != 0);
        claimed.map(|(index, _)| Slot(index)).take(self.claims.load(Ordering::Relaxed))
    }

    fn record(&self, slot: Slot) -> Option<&Record<FRAMES>> {
        self.records.get(slot.index())
    }
}

impl<const SLOTS: usize, const FRAMES: usize> Default for StackTable<SLOTS, FRAMES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SLOTS: usize, const FRAMES: usize> fmt::Debug for StackTable<SLOTS, FRAMES> {
    /// Shows how full the table is, not what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackTable")
            .field("claimed", &self.slots().count())
            .field("slots", &SLOTS)
            .field("frames", &FRAMES)
            .finish()
    }
}

/// The place of a stack in its [`StackTable`].
///
/// # Examples
///
/// ```
/// use qadapt_spin::{Key, StackTable};
///
/// static STACKS: StackTable<8, 4> = StackTable::new();
///
/// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
/// let copy = slot;
/// assert_eq!(copy, slot);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u32);

impl Slot {
    /// The number of the slot, less than the number of slots in its table.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::{Key, StackTable};
    ///
    /// static STACKS: StackTable<8, 4> = StackTable::new();
    ///
    /// let slot = STACKS.insert(Key::of(0, &[1]), &[1], [0, 0]).expect("there is room");
    /// assert!(slot.index() < 8);
    /// ```
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The place with a number, as whoever chains tables numbers them.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::Slot;
    ///
    /// assert_eq!(Slot::numbered(7).index(), 7);
    /// ```
    #[must_use]
    #[inline]
    pub const fn numbered(index: u32) -> Self {
        Self(index)
    }
}

/// What belongs to a key; written once by whoever claimed the slot, but for the two counts.
struct Record<const FRAMES: usize> {
    /// 0 until frames and tag are written, then the number of frames plus one.
    published: AtomicUsize,
    hits: AtomicU64,
    reported: AtomicU64,
    tag: [AtomicU64; 2],
    frames: [AtomicUsize; FRAMES],
}

impl<const FRAMES: usize> Record<FRAMES> {
    #[cfg(not(loom))]
    const fn new() -> Self {
        Self {
            published: AtomicUsize::new(0),
            hits: AtomicU64::new(0),
            reported: AtomicU64::new(0),
            tag: [const { AtomicU64::new(0) }; 2],
            frames: [const { AtomicUsize::new(0) }; FRAMES],
        }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self {
            published: AtomicUsize::new(0),
            hits: AtomicU64::new(0),
            reported: AtomicU64::new(0),
            tag: core::array::from_fn(|_| AtomicU64::new(0)),
            frames: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// Called once, by the claimer of the slot.
    fn publish(&self, frames: &[usize], tag: [u64; 2]) {
        // Relaxed: the Release store below orders these for whoever reads `published` first.
        for (place, &frame) in self.frames.iter().zip(frames) {
            place.store(frame, Ordering::Relaxed);
        }
        for (place, value) in self.tag.iter().zip(tag) {
            place.store(value, Ordering::Relaxed);
        }
        // Release pairs with the Acquire in `read`.
        self.published.store(frames.len().min(FRAMES).saturating_add(1), Ordering::Release);
    }

    fn read(&self) -> Option<Stack<FRAMES>> {
        // Acquire pairs with the Release in `publish`: with the length come the frames and the tag, which are never
        // written again, so the Relaxed loads below read them whole.
        let len = self.published.load(Ordering::Acquire).checked_sub(1)?;
        let mut stack = Stack { frames: [0; FRAMES], len, tag: [0; 2] };
        for (frame, place) in stack.frames.iter_mut().zip(&self.frames) {
            *frame = place.load(Ordering::Relaxed);
        }
        for (value, place) in stack.tag.iter_mut().zip(&self.tag) {
            *value = place.load(Ordering::Relaxed);
        }
        Some(stack)
    }
}

/// Where the search for a key begins: its place in 0..2^64, scaled to 0..`slots` without a division (Lemire, "Fast
/// Random Integer Generation in an Interval", 2019).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the high half of the product is less than `slots`")]
const fn home(key: u64, slots: usize) -> usize {
    ((key as u128 * slots as u128) >> 64) as usize
}
