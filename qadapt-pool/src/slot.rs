//! A slot that was taken and has no value yet.
#![expect(unsafe_code, reason = "slots are memory without a value")]

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::block::Block;
use crate::boxed::PoolBox;
use crate::shared::{PoolArc, Shared};
use crate::slots::Slots;
use crate::ticket::Ticket;

/// Memory for one value of type `T`, taken from a [`Pool`](crate::Pool); dropped without a value, it goes back.
///
/// # Examples
///
/// ```
/// use qadapt_pool::Pool;
///
/// static PACKETS: Pool<[u8; 1500], 4> = Pool::new();
///
/// let slot = PACKETS.try_take().expect("a slot is free");
/// assert_eq!(PACKETS.available(), 3);
/// drop(slot);
/// assert_eq!(PACKETS.available(), 4);
/// ```
#[must_use = "the slot goes back as soon as it is dropped"]
pub struct Slot<'p, T> {
    memory: NonNull<MaybeUninit<T>>,
    ticket: Ticket<'p>,
}

// SAFETY: a slot is memory without a value, which it owns.
unsafe impl<T> Send for Slot<'_, T> {}
// SAFETY: a shared slot gives access to nothing.
unsafe impl<T> Sync for Slot<'_, T> {}

impl<'p, T> Slot<'p, T> {
    /// # Safety
    /// The ticket is one of the pool whose slots these are.
    #[inline]
    pub(crate) unsafe fn new(slots: Slots<'p, T>, ticket: Ticket<'p>) -> Self {
        // SAFETY: the pool's tickets number its slots.
        Self { memory: unsafe { slots.at(ticket.slot()) }.cast(), ticket }
    }

    /// Puts a value into the slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let number = pool.try_take().expect("a slot is free").put(5);
    /// assert_eq!(*number, 5);
    /// ```
    #[inline]
    pub fn put(mut self, value: T) -> PoolBox<'p, T> {
        self.memory().write(value);
        // SAFETY: the value has just been written.
        unsafe { self.assume_init() }
    }

    /// Puts the value that a function makes into the slot. If the function panics, the slot goes back.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<[u64; 4], 1>::new();
    /// let slot = pool.try_take().expect("a slot is free");
    /// let squares = slot.put_with(|| std::array::from_fn(|index| (index * index) as u64));
    /// assert_eq!(*squares, [0, 1, 4, 9]);
    /// ```
    #[inline]
    pub fn put_with(self, make: impl FnOnce() -> T) -> PoolBox<'p, T> {
        self.put(make())
    }

    /// The memory, for a value that something else writes: a device, or a call into C.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let mut slot = pool.try_take().expect("a slot is free");
    /// slot.memory().write(5);
    /// // SAFETY: the value has just been written.
    /// assert_eq!(*unsafe { slot.assume_init() }, 5);
    /// ```
    #[inline]
    pub fn memory(&mut self) -> &mut MaybeUninit<T> {
        // SAFETY: the memory belongs to the slot's owner and lives as long as the slot.
        unsafe { self.memory.as_mut() }
    }

    /// Makes the slot a box, for a value that lies in the memory already.
    ///
    /// # Safety
    /// The memory holds a valid `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<[u8; 4], 1>::new();
    /// let mut slot = pool.try_take().expect("a slot is free");
    /// // SAFETY: the memory has room for four bytes.
    /// unsafe { slot.memory().as_mut_ptr().write_bytes(7, 1) };
    /// // SAFETY: all four have been written.
    /// let bytes = unsafe { slot.assume_init() };
    /// assert_eq!(*bytes, [7; 4]);
    /// ```
    #[inline]
    #[must_use = "the value is dropped with the box"]
    pub unsafe fn assume_init(self) -> PoolBox<'p, T> {
        // SAFETY: the ticket is for this memory, which holds a value, as the caller vouches.
        unsafe { PoolBox::from_parts(self.memory.cast(), self.ticket) }
    }

    /// The slot as mere memory, into which anything goes that fits.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let block = pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(*block.copy_of(b"eight").expect("it fits"), *b"eight");
    /// ```
    #[inline]
    pub fn into_block(self) -> Block<'p> {
        // SAFETY: the memory is the ticket's, and has the size and the alignment of a `T`.
        unsafe { Block::from_parts(self.memory.cast(), size_of::<T>(), align_of::<T>(), self.ticket) }
    }
}

impl<'p, T> Slot<'p, Shared<T>> {
    /// Puts a value into the slot that several owners share.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, Shared};
    ///
    /// static TABLES: Pool<Shared<[u32; 256]>, 2> = Pool::new();
    ///
    /// let table = TABLES.try_take().expect("two are free").share([1; 256]);
    /// let same = table.clone();
    /// drop(table);
    /// assert_eq!(same[255], 1);
    /// assert_eq!(TABLES.available(), 1);
    /// ```
    #[inline]
    pub fn share(self, value: T) -> PoolArc<'p, T> {
        PoolArc::new(self.put(Shared::new(value)))
    }
}

impl<T> fmt::Debug for Slot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("number", &self.ticket.slot()).finish_non_exhaustive()
    }
}
