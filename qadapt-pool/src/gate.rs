//! The lock of a queue of waiters that whoever gives back a slot never waits for.
//!
//! ```text
//! word:  LOCKED   someone works on the queue
//!        AGAIN    meanwhile a slot was given back: who holds the lock looks again before opening it
//!        WAITING  the queue is not empty
//! ```
//!
//! Handing work to whoever holds a lock, instead of waiting for the lock, is known as flat combining (Hendler, Incze,
//! Shavit and Tzafrir, 2010).

use crate::primitive::{AtomicUsize, Ordering, Section, spin_loop};

const LOCKED: usize = 1;
const AGAIN: usize = 2;
const WAITING: usize = 4;

/// Open and without waiters, if its word is zero.
pub(crate) struct Gate {
    word: AtomicUsize,
}

impl Gate {
    /// The word must be zero; the caller makes it, because loom's atomics have no `const` constructor.
    pub(crate) const fn over(word: AtomicUsize) -> Self {
        Self { word }
    }

    /// True if the queue is not empty; only for who would go ahead of it.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        // Relaxed: who does not see the newest waiter came at the same time as that waiter, and may go first.
        self.word.load(Ordering::Relaxed) & WAITING != 0
    }

    /// True if nobody waits and nobody is about to.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        // SeqCst: after a slot was given back; pairs with `lock` before a search (`Shelf::join`).
        self.word.load(Ordering::SeqCst) == 0
    }

    /// Takes the lock, and waits for whoever holds it. The holder runs no code of a user's and some dozen instructions.
    pub(crate) fn lock(&self) -> Held<'_> {
        loop {
            let section = Section::enter();
            // SeqCst acquires what the last holder released, and comes before this holder's search for all threads. Where the
            // bit is set already, this changes nothing.
            if self.word.fetch_or(LOCKED, Ordering::SeqCst) & LOCKED == 0 {
                return Held { gate: self, section };
            }
            section.leave();
            spin_loop();
        }
    }

    /// Takes the lock if someone waits and nobody holds it. If someone holds it, that one has been asked to look again.
    pub(crate) fn lock_or_ask(&self) -> Option<Held<'_>> {
        let section = Section::enter();
        let mut seen = self.word.load(Ordering::SeqCst);
        loop {
            if seen & (LOCKED | WAITING) == 0 {
                section.leave();
                return None;
            }
            let is_held = seen & LOCKED != 0;
            let next = seen | if is_held { AGAIN } else { LOCKED };
            // SeqCst: as in `lock`; its release pairs with `was_asked`.
            match self.word.compare_exchange_weak(seen, next, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) if is_held => {
                    section.leave();
                    return None;
                }
                Ok(_) => return Some(Held { gate: self, section }),
                Err(now) => seen = now,
            }
        }
    }
}

/// The right to work on the queue, until it is given up by one of the two ways to open the gate.
#[must_use = "the gate stays locked until it is opened"]
pub(crate) struct Held<'a> {
    gate: &'a Gate,
    section: Section,
}

impl Held<'_> {
    /// True if someone has asked to look again; that is then settled by the search that follows.
    pub(crate) fn was_asked(&self) -> bool {
        // Acquire, as a part of SeqCst, pairs with the release of `lock_or_ask`: what was given back before is found.
        self.gate.word.fetch_and(!AGAIN, Ordering::SeqCst) & AGAIN != 0
    }

    /// Opens the gate, unless someone has asked to look again.
    pub(crate) fn open(self, waiting: bool) -> Result<(), Self> {
        let open = if waiting { WAITING } else { 0 };
        let mut seen = self.gate.word.load(Ordering::Relaxed);
        loop {
            if seen & AGAIN != 0 {
                return Err(self);
            }
            // Release, as a part of SeqCst, pairs with the acquire of the next holder.
            match self.gate.word.compare_exchange_weak(seen, open, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        self.section.leave();
        Ok(())
    }

    /// Opens the gate; true if someone has asked to look again, which the caller does next.
    pub(crate) fn open_anyway(self, waiting: bool) -> bool {
        // As in `open`.
        let before = self.gate.word.swap(if waiting { WAITING } else { 0 }, Ordering::SeqCst);
        self.section.leave();
        before & AGAIN != 0
    }
}
