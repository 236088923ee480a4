//! Where the slots of a pool lie.
#![expect(unsafe_code, reason = "the place of a slot is computed")]

use core::marker::PhantomData;
use core::ptr::NonNull;

/// The place of the first of several slots, which lie one behind the other and live for `'p`.
pub(crate) struct Slots<'p, T> {
    first: NonNull<T>,
    _lives: PhantomData<&'p ()>,
}

impl<T> Slots<'_, T> {
    /// # Safety
    /// From `first` on there is memory for as many values as the pool has slots. It lives for the lifetime of the result,
    /// and nobody but owners of tickets of the pool's shelf touches it.
    pub(crate) const unsafe fn new(first: NonNull<T>) -> Self {
        Self { first, _lives: PhantomData }
    }

    /// # Safety
    /// There are more slots than this number.
    #[inline]
    pub(crate) const unsafe fn at(self, slot: usize) -> NonNull<T> {
        // SAFETY: the place is inside the pool's memory, as the caller vouches.
        unsafe { self.first.add(slot) }
    }

    pub(crate) const fn first(self) -> NonNull<T> {
        self.first
    }
}

impl<T> Clone for Slots<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slots<'_, T> {}

// SAFETY: a place gives no access to what lies there; that takes a ticket.
unsafe impl<T> Send for Slots<'_, T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Slots<'_, T> {}
