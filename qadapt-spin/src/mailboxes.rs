//! Boxes into which other threads put things for an owner, for as long as the owner wants them.

use core::fmt;

use crate::lock::Lock;
use crate::primitive::{AtomicU64, Ordering};

/// A fixed number of boxes. A thread opens one and hands out its [`Address`]; others join, give, and leave; the owner
/// takes what was given, and closes the box. Each thing given is either taken by the owner or refused to the giver.
///
/// A box is used again once it is closed and everyone has left; an old address then leads nowhere.
///
/// # Examples
/// ```
/// use qadapt_spin::{Given, Mailboxes};
///
/// static BOXES: Mailboxes<u32, 8> = Mailboxes::new();
///
/// let address = BOXES.open().expect("one is free");
/// assert!(BOXES.join(address));
/// let add = |sum: &mut Option<u32>| *sum = Some(sum.unwrap_or(0) + 7);
/// assert_eq!(BOXES.give(address, add), Given::Kept);
/// BOXES.close(address);
/// assert_eq!(BOXES.give(address, add), Given::Refused);
/// BOXES.leave(address);
/// assert_eq!(BOXES.take(address), Ok(Some(7)));
/// BOXES.leave(address);
/// assert!(!BOXES.join(address));
/// ```
pub struct Mailboxes<T, const N: usize> {
    boxes: [Mailbox<T>; N],
}

struct Mailbox<T> {
    /// The generation in the upper half, then [`OPEN`], then how many are in: the owner and those who have joined.
    state: AtomicU64,
    contents: Lock<Option<T>>,
}

const OPEN: u64 = 1 << 31;
const MEMBERS: u64 = OPEN - 1;
const GENERATION: u64 = 1 << 32;

/// Attempts to take the lock of a box; it is held for as long as one thing takes to put in or out. Each attempt
/// multiplies what loom has to explore.
const PATIENCE: u32 = if cfg!(loom) { 0 } else { 1_000 };

/// A box that was opened, as long as it is not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    index: u32,
    generation: u32,
}

impl Address {
    /// The box's number, below `N`.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The address as a number, for an atomic.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The address that [`to_bits`](Self::to_bits) gave.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
    pub const fn from_bits(bits: u64) -> Self {
        Self { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// What became of a thing that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The owner can take it.
    Kept,
    /// The owner has closed the box.
    Refused,
    /// The box was held by another thread at every attempt; giving again may succeed.
    Busy,
}

/// The box was held by another thread at every attempt; taking again may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the box is held by another thread")
    }
}

impl core::error::Error for Busy {}

impl<T> Mailbox<T> {
    #[cfg(not(loom))]
    const fn new() -> Self {
        Self { state: AtomicU64::new(0), contents: Lock::new(None) }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self { state: AtomicU64::new(0), contents: Lock::new(None) }
    }
}

impl<T, const N: usize> Mailboxes<T, N> {
    /// Makes closed boxes.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { boxes: [const { Mailbox::new() }; N] }
    }

    /// Makes closed boxes; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self { boxes: core::array::from_fn(|_| Mailbox::new()) }
    }

    /// Opens a free box; the caller owns it and is in it. `None` if all are in use.
    #[must_use]
    pub fn open(&self) -> Option<Address> {
        self.boxes.iter().zip(0..).find_map(|(mailbox, index)| {
            let free = mailbox.state.load(Ordering::Relaxed);
            if free & (OPEN | MEMBERS) != 0 {
                return None;
            }
            let taken = (free.wrapping_add(GENERATION) & !(GENERATION - 1)) | OPEN | 1;
            // Acquire pairs with the Release of the last one's `leave`: what was done with the box is over.
            mailbox.state.compare_exchange(free, taken, Ordering::Acquire, Ordering::Relaxed).ok()?;
            let address = Address { index, generation: generation(taken) };
            if let Some(mut contents) = mailbox.contents.lock_within(PATIENCE) {
                *contents = None;
                return Some(address);
            }
            // Only a forked child finds a lock that nobody will release.
            self.close(address);
            self.leave(address);
            None
        })
    }

    /// Enters a box that is open; false if it is closed. Whoever has joined must [leave](Self::leave).
    #[must_use]
    pub fn join(&self, address: Address) -> bool {
        let Some(mailbox) = self.boxes.get(address.index()) else { return false };
        let join = |state: u64| {
            (generation(state) == address.generation && state & OPEN != 0 && state & MEMBERS < MEMBERS)
                .then_some(state + 1)
        };
        // Relaxed: what is given goes through the lock, and the box is not used again before this member has left.
        mailbox.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, join).is_ok()
    }

    /// Puts something in, unless the owner has closed the box; `add` gets what is there and not yet taken. Only for
    /// someone who is in.
    pub fn give(&self, address: Address, add: impl FnOnce(&mut Option<T>)) -> Given {
        let Some(mailbox) = self.boxes.get(address.index()) else { return Given::Refused };
        let Some(mut contents) = mailbox.contents.lock_within(PATIENCE) else { return Given::Busy };
        // Looked at under the lock: an owner who closes the box after this takes the lock after this, and so what is
        // put in. Relaxed is enough for that: if the owner had the lock before, its release shows the closing here.
        if mailbox.state.load(Ordering::Relaxed) & OPEN == 0 {
            return Given::Refused;
        }
        add(&mut contents);
        Given::Kept
    }

    /// Takes out what is there. Only for the owner.
    ///
    /// # Errors
    /// If the box cannot be had now.
    pub fn take(&self, address: Address) -> Result<Option<T>, Busy> {
        let Some(mailbox) = self.boxes.get(address.index()) else { return Ok(None) };
        mailbox.contents.lock_within(PATIENCE).map(|mut contents| contents.take()).ok_or(Busy)
    }

    /// Closes the box: from here on nobody joins, and what is given is refused. What was given before is still to be
    /// [taken](Self::take). Only for the owner, who is still in and must [leave](Self::leave).
    pub fn close(&self, address: Address) {
        if let Some(mailbox) = self.boxes.get(address.index()) {
            // Relaxed: a giver sees it at the latest when it gets the lock after the owner's next `take`.
            mailbox.state.fetch_and(!OPEN, Ordering::Relaxed);
        }
    }

    /// Goes out of the box. Once it is closed and all have left, it is used again.
    pub fn leave(&self, address: Address) {
        if let Some(mailbox) = self.boxes.get(address.index()) {
            // Release pairs with the Acquire of the next `open`.
            mailbox.state.fetch_sub(1, Ordering::Release);
        }
    }
}

const fn generation(state: u64) -> u32 {
    (state >> 32) as u32
}

impl<T, const N: usize> Default for Mailboxes<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for Mailboxes<T, N> {
    /// Shows how many boxes are in use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = |mailbox: &&Mailbox<T>| mailbox.state.load(Ordering::Relaxed) & (OPEN | MEMBERS) != 0;
        f.debug_struct("Mailboxes")
            .field("used", &self.boxes.iter().filter(used).count())
            .field("of", &N)
            .finish()
    }
}
