//! Memory that was taken and has no value yet, of whatever size.
#![expect(unsafe_code, reason = "blocks are memory without a value")]

use core::alloc::Layout;
use core::fmt;
use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};
use core::slice;

use crate::boxed::PoolBox;
use crate::shared::{PoolArc, Shared};
use crate::ticket::Ticket;

/// Memory of a [`BytePool`](crate::BytePool), or of a [`Slot`](crate::Slot), for any value that fits; dropped without a
/// value, it goes back.
///
/// What does not fit comes back as an error, with the block.
///
/// # Examples
///
/// ```
/// use qadapt_pool::{Bytes, Pool};
///
/// static BLOCKS: Pool<Bytes<256>, 4> = Pool::new();
/// let block = || BLOCKS.try_take().expect("a slot is free").into_block();
///
/// let number = block().put(7_u64).expect("it fits");
/// let squares = block().slice_with(16, |index| index * index).expect("it fits");
/// let shared = block().share("text").expect("it fits");
/// assert_eq!((*number, squares[15], *shared), (7, 225, "text"));
/// assert!(block().zeroed(257).is_err());
/// ```
#[must_use = "the memory goes back as soon as it is dropped"]
pub struct Block<'p> {
    memory: NonNull<u8>,
    size: usize,
    align: usize,
    ticket: Ticket<'p>,
}

// SAFETY: a block is memory without a value, which it owns.
unsafe impl Send for Block<'_> {}
// SAFETY: a shared block gives access to nothing.
unsafe impl Sync for Block<'_> {}

impl<'p> Block<'p> {
    /// # Safety
    /// The memory is the ticket's, and has at least this size and alignment.
    #[inline]
    pub(crate) const unsafe fn from_parts(
        memory: NonNull<u8>,
        size: usize,
        align: usize,
        ticket: Ticket<'p>,
    ) -> Self {
        Self { memory, size, align, ticket }
    }

    /// Its size, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<256>, 1>::new();
    /// let block = pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(block.size(), 256);
    /// ```
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Its alignment, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let block = pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(block.align(), align_of::<u64>());
    /// ```
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }

    /// True if what has this layout fits.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    ///
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let block = pool.try_take().expect("a slot is free").into_block();
    /// assert!(block.fits(Layout::new::<[u8; 8]>()));
    /// assert!(!block.fits(Layout::new::<[u8; 9]>()));
    /// ```
    #[inline]
    #[must_use]
    pub const fn fits(&self, layout: Layout) -> bool {
        layout.size() <= self.size && layout.align() <= self.align
    }

    /// The memory, for what something else writes: a device, or a call into C.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<16>, 1>::new();
    /// let mut block = pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(block.memory().len(), 16);
    /// block.memory()[0].write(1);
    /// ```
    #[must_use]
    pub fn memory(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the block owns memory of this size, and bytes without a value may lie there.
        unsafe { slice::from_raw_parts_mut(self.memory.as_ptr().cast(), self.size) }
    }

    /// Puts a value into the block.
    ///
    /// # Errors
    /// The block and the value, if it does not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<16>, 1>::new();
    /// let block = || pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(*block().put(7_u64).expect("it fits"), 7);
    ///
    /// let (_block, array) = block().put([7_u64; 3]).expect_err("24 bytes do not fit");
    /// assert_eq!(array, [7; 3]);
    /// ```
    #[inline]
    pub fn put<T>(self, value: T) -> Result<PoolBox<'p, T>, (Self, T)> {
        if !self.fits(Layout::new::<T>()) {
            return Err((self, value));
        }
        let place = self.memory.cast::<T>();
        // SAFETY: the memory is large and aligned enough, and belongs to the block.
        unsafe { place.write(value) };
        // SAFETY: the value has just been written to the ticket's memory.
        Ok(unsafe { PoolBox::from_parts(place, self.ticket) })
    }

    /// Puts a value into the block that several owners share.
    ///
    /// # Errors
    /// The block and the value, if it does not fit beside the word that counts its owners.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<32>, 1>::new();
    /// let number = pool.try_take().expect("a slot is free").into_block().share(7_u64).expect("it fits");
    /// let same = number.clone();
    /// drop(number);
    /// assert_eq!(*same, 7);
    /// ```
    #[inline]
    pub fn share<T>(self, value: T) -> Result<PoolArc<'p, T>, (Self, T)> {
        if !self.fits(Layout::new::<Shared<T>>()) {
            return Err((self, value));
        }
        match self.put(Shared::new(value)) {
            Ok(shared) => Ok(PoolArc::new(shared)),
            Err(_) => unreachable!("it fits"),
        }
    }

    /// Puts a slice into the block, whose elements a function makes in their order. If it panics, what it has made is
    /// dropped and the block goes back.
    ///
    /// # Errors
    /// The block, if so many do not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<16>, 1>::new();
    /// let block = || pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(*block().slice_with(4, |index| index as u32 * 10).expect("it fits"), [0, 10, 20, 30]);
    /// assert!(block().slice_with(5, |_| 0_u32).is_err());
    /// ```
    pub fn slice_with<T>(
        self,
        len: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<PoolBox<'p, [T]>, Self> {
        if !Layout::array::<T>(len).is_ok_and(|layout| self.fits(layout)) {
            return Err(self);
        }
        let mut written = Written { first: self.memory.cast::<T>(), len: 0 };
        while written.len < len {
            let value = make(written.len);
            // SAFETY: the memory has room for `len` elements.
            let place = unsafe { written.first.add(written.len) };
            // SAFETY: as above; nothing lies there yet.
            unsafe { place.write(value) };
            written.len += 1;
        }
        let slice = NonNull::slice_from_raw_parts(written.first, len);
        mem::forget(written);
        // SAFETY: each element has been written.
        Ok(unsafe { PoolBox::from_parts(slice, self.ticket) })
    }

    /// Copies a slice into the block.
    ///
    /// # Errors
    /// The block, if the slice does not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<16>, 1>::new();
    /// let block = || pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(*block().copy_of(b"packet").expect("it fits"), *b"packet");
    /// assert!(block().copy_of(&[0_u8; 17]).is_err());
    /// ```
    #[inline]
    pub fn copy_of<T: Copy>(self, slice: &[T]) -> Result<PoolBox<'p, [T]>, Self> {
        if !self.fits(Layout::for_value(slice)) {
            return Err(self);
        }
        let first = self.memory.cast::<T>();
        // SAFETY: the memory has room for the slice, is aligned for it, and belongs to the block alone.
        unsafe { ptr::copy_nonoverlapping(slice.as_ptr(), first.as_ptr(), slice.len()) };
        // SAFETY: each element has been copied.
        Ok(unsafe { PoolBox::from_parts(NonNull::slice_from_raw_parts(first, slice.len()), self.ticket) })
    }

    /// Makes the block a slice of so many zeros, for a read of a file or a socket.
    ///
    /// # Errors
    /// The block, if it is smaller.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// let pool = Pool::<Bytes<16>, 1>::new();
    /// let block = || pool.try_take().expect("a slot is free").into_block();
    /// assert_eq!(*block().zeroed(10).expect("it fits"), [0; 10]);
    /// assert!(block().zeroed(17).is_err());
    /// ```
    #[inline]
    pub fn zeroed(self, len: usize) -> Result<PoolBox<'p, [u8]>, Self> {
        if len > self.size {
            return Err(self);
        }
        // SAFETY: the block owns memory of at least this size.
        unsafe { self.memory.write_bytes(0, len) };
        // SAFETY: zeros are bytes.
        Ok(unsafe { PoolBox::from_parts(NonNull::slice_from_raw_parts(self.memory, len), self.ticket) })
    }

    /// The memory, and the ticket that gives it back.
    #[cfg(any(feature = "allocator-api2", qadapt_pool_allocator))]
    pub(crate) fn into_parts(self) -> (NonNull<[u8]>, Ticket<'p>) {
        (NonNull::slice_from_raw_parts(self.memory, self.size), self.ticket)
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("size", &self.size).field("align", &self.align).finish_non_exhaustive()
    }
}

/// The elements of a slice that are made so far; dropped if the next one panics.
struct Written<T> {
    first: NonNull<T>,
    len: usize,
}

impl<T> Drop for Written<T> {
    fn drop(&mut self) {
        // SAFETY: so many elements have been written, and nobody else knows of them.
        unsafe { NonNull::slice_from_raw_parts(self.first, self.len).drop_in_place() };
    }
}
