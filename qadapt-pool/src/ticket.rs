//! The right to one slot.

use crate::shelf::Shelf;

/// A taken slot, which dropping gives back; whose memory it is, the pools know.
pub(crate) struct Ticket<'p> {
    shelf: &'p Shelf,
    slot: usize,
}

impl<'p> Ticket<'p> {
    /// The slot must have been taken from this shelf, and not be given back by others.
    #[inline]
    pub(crate) const fn new(shelf: &'p Shelf, slot: usize) -> Self {
        Self { shelf, slot }
    }

    #[inline]
    pub(crate) fn try_take(shelf: &'p Shelf) -> Option<Self> {
        shelf.try_take().map(|slot| Self { shelf, slot })
    }

    #[inline]
    pub(crate) const fn slot(&self) -> usize {
        self.slot
    }
}

impl Drop for Ticket<'_> {
    #[inline]
    fn drop(&mut self) {
        self.shelf.release(self.slot);
    }
}
