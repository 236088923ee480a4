//! Slots of one size, for whatever fits.
#![expect(unsafe_code, reason = "slots are memory without a value")]

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use crate::block::Block;
use crate::shelf::Shelf;
use crate::slots::Slots;
use crate::ticket::Ticket;

/// A slot of so many bytes, aligned for any usual value: `Pool<Bytes<2048>, 16>` is memory for 16 blocks of 2,048 bytes.
///
/// The type has no values; it only says how large a slot is.
///
/// # Examples
///
/// ```
/// use qadapt_pool::{Bytes, Pool};
///
/// static BLOCKS: Pool<Bytes<2048>, 16> = Pool::new();
/// assert_eq!(BLOCKS.class().size(), 2048);
/// assert_eq!(size_of::<Bytes<20>>(), 32, "a slot's size is a multiple of its alignment");
/// ```
#[derive(Debug)]
#[repr(align(16))]
pub struct Bytes<const SIZE: usize> {
    _bytes: [u8; SIZE],
}

/// Slots of one size of a [`BytePool`](crate::BytePool): the slots of a [`Pool`](crate::Pool), or a part of a
/// [`Arena`](crate::Arena).
///
/// A copy stands for the same slots. A class can be in several byte pools at once, so that these share it.
///
/// # Examples
///
/// ```
/// use qadapt_pool::{BytePool, Bytes, Class, Pool};
///
/// static COMMON: Pool<Bytes<1500>, 4> = Pool::new();
///
/// let class: Class<'_> = COMMON.class();
/// let (requests, answers) = (BytePool::new([class]), BytePool::new([class]));
/// let packets = (requests.try_bytes(1500), answers.try_bytes(1500));
/// assert_eq!(class.available(), 2);
/// # drop(packets);
/// ```
#[derive(Clone, Copy)]
pub struct Class<'p> {
    shelf: &'p Shelf,
    slots: Slots<'p, u8>,
    size: usize,
    align: usize,
}

impl<'p> Class<'p> {
    /// # Safety
    /// `first` is the first of as many slots of this size and alignment, one behind the other, as the shelf has. They live
    /// for `'p`, and only owners of the shelf's tickets touch them.
    pub(crate) const unsafe fn new(shelf: &'p Shelf, first: NonNull<u8>, size: usize, align: usize) -> Self {
        // SAFETY: as the caller vouches.
        Self { shelf, slots: unsafe { Slots::new(first) }, size, align }
    }

    /// The size of a slot, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<[u64; 4], 2>::new();
    /// assert_eq!(pool.class().size(), 32);
    /// ```
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The alignment of a slot, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<64>, 2>::new();
    /// assert_eq!(pool.class().align(), 16);
    /// ```
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }

    /// How many slots there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 2>::new();
    /// assert_eq!(pool.class().capacity(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.shelf.len()
    }

    /// How many slots are free; while other threads take and give back, only an estimate.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 2>::new();
    /// let block = pool.class().try_take();
    /// assert_eq!(pool.class().available(), 1);
    /// # drop(block);
    /// ```
    #[must_use]
    pub fn available(&self) -> usize {
        self.shelf.count_free()
    }

    /// True if a future waits for a slot of this class.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::{future::Future, pin::pin, task::{Context, Waker}};
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let block = pool.class().try_take();
    /// let mut next = pin!(pool.take());
    /// assert!(!pool.class().has_waiters());
    /// assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    /// assert!(pool.class().has_waiters());
    /// # drop(block);
    /// ```
    #[must_use]
    pub fn has_waiters(&self) -> bool {
        self.shelf.has_waiters()
    }

    /// True if there are slots, and what has this layout fits into one.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    ///
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// assert!(pool.class().fits(Layout::new::<[u8; 8]>()));
    /// assert!(!pool.class().fits(Layout::new::<[u8; 9]>()));
    /// ```
    #[inline]
    #[must_use]
    pub const fn fits(&self, layout: Layout) -> bool {
        layout.size() <= self.size && layout.align() <= self.align && self.capacity() > 0
    }

    /// Takes a slot; `None` if none is free, or if those that are free belong to others who wait.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let block = pool.class().try_take();
    /// assert!(block.is_some());
    /// assert!(pool.class().try_take().is_none());
    /// # drop(block);
    /// ```
    #[inline]
    #[must_use]
    pub fn try_take(&self) -> Option<Block<'p>> {
        Ticket::try_take(self.shelf).map(|ticket| self.block(ticket))
    }

    #[inline]
    pub(crate) const fn shelf(&self) -> &'p Shelf {
        self.shelf
    }

    /// The memory of a ticket of this class's shelf.
    #[inline]
    pub(crate) fn block(&self, ticket: Ticket<'p>) -> Block<'p> {
        // SAFETY: the shelf numbers these slots, so that the slot lies within them.
        let memory = unsafe { self.slots.at(ticket.slot() * self.size) };
        // SAFETY: slots have this size and this alignment.
        unsafe { Block::from_parts(memory, self.size, self.align, ticket) }
    }

    /// The number of the slot that this address is the beginning of.
    #[cfg(any(feature = "allocator-api2", qadapt_pool_allocator))]
    #[inline]
    pub(crate) fn slot_at(&self, memory: NonNull<u8>) -> Option<usize> {
        let offset = memory.addr().get().checked_sub(self.slots.first().addr().get())?;
        let slot = offset.checked_div(self.size)?;
        (slot < self.capacity()).then_some(slot)
    }
}

impl fmt::Debug for Class<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Class")
            .field("size", &self.size)
            .field("align", &self.align)
            .field("capacity", &self.capacity())
            .field("available", &self.available())
            .field("has_waiters", &self.has_waiters())
            .finish()
    }
}
