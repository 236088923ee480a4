//! A pool of slots of one type.
#![expect(unsafe_code, reason = "slots are memory without a value")]

use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::boxed::PoolBox;
use crate::class::Class;
use crate::primitive::{AtomicUsize, Cell};
use crate::queue::Queue;
use crate::shelf::Shelf;
use crate::slot::Slot;
use crate::slots::Slots;
use crate::take::{Take, TakeTimeout};
use crate::ticket::Ticket;

/// `N` slots for values of type `T`, which any thread can take, wait for, and give back.
///
/// A slot is memory without a value. [`Slot::put`] makes it a [`PoolBox`]; dropping either gives the slot back, which
/// never waits and never fails, on any thread and in a handler that has interrupted another operation of the pool.
///
/// Whoever waits comes first: while someone waits, [`try_take`](Self::try_take) finds nothing, and each slot that is
/// given back goes to the one who has waited longest.
///
/// Most pools are statics, so that what lies in them can go anywhere. A pool takes its slots and one word more for each of
/// them, and begins as zeros.
///
/// # Examples
///
/// ```
/// use qadapt_pool::Pool;
///
/// static PACKETS: Pool<[u8; 1500], 4> = Pool::new();
///
/// let slot = PACKETS.try_take().expect("four are free");
/// let mut packet = slot.put([0; 1500]);
/// packet[0] = 1;
/// assert_eq!(PACKETS.available(), 3);
/// drop(packet);
/// assert_eq!(PACKETS.available(), 4);
/// ```
pub struct Pool<T, const N: usize> {
    shelf: Shelf<[AtomicUsize; N]>,
    slots: [UnsafeCell<MaybeUninit<T>>; N],
}

// SAFETY: a slot is touched by the one owner of its ticket alone, and a pool gives no access to values: those belong to
// boxes, which are `Send` and `Sync` as their values are. So a pool is only memory, whatever `T` is.
unsafe impl<T, const N: usize> Sync for Pool<T, N> {}
// SAFETY: as above; a pool that can be moved is borrowed by no box.
unsafe impl<T, const N: usize> Send for Pool<T, N> {}

impl<T, const N: usize> Pool<T, N> {
    /// Makes a pool whose slots are all free.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::Pool;
    ///
    /// static PACKETS: Pool<[u8; 1500], 4> = Pool::new();
    /// assert_eq!(PACKETS.available(), 4);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            shelf: Shelf::over(
                AtomicUsize::new(0),
                Cell::new(Queue::new()),
                [const { AtomicUsize::new(0) }; N],
            ),
            slots: [const { UnsafeCell::new(MaybeUninit::uninit()) }; N],
        }
    }

    /// Takes a slot; `None` if none is free, or if those that are free belong to others who wait.
    ///
    /// It never waits. It says `None` only if there was a moment during the call at which that was true.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let slot = pool.try_take();
    /// assert!(slot.is_some());
    /// assert!(pool.try_take().is_none());
    /// drop(slot);
    /// assert!(pool.try_take().is_some());
    /// ```
    #[must_use]
    #[inline]
    pub fn try_take(&self) -> Option<Slot<'_, T>> {
        // SAFETY: the ticket is of this pool, whose slots these are.
        Ticket::try_take(&self.shelf).map(|ticket| unsafe { Slot::new(self.slots(), ticket) })
    }

    /// Takes a slot, and waits until it is its turn; with any executor.
    ///
    /// Turns come in the order in which the futures were first polled. A future that is dropped before its turn leaves the
    /// queue; one that is dropped when it has been given a slot passes it on to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let number = pool.take().await.put(5);
    /// assert_eq!(*number, 5);
    /// # });
    /// ```
    #[inline]
    pub fn take(&self) -> Take<'_, T> {
        Take::new(&self.shelf, self.slots())
    }

    /// Takes a slot, and waits for it until a timer has ended: any future that is one, as those of tokio, smol, Embassy.
    ///
    /// # Errors
    /// [`Elapsed`](crate::Elapsed) if the timer has ended and it is not its turn yet. It has left the queue then.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use core::future::ready;
    /// use qadapt_pool::Pool;
    ///
    /// let pool = Pool::<u64, 1>::new();
    /// let number = pool.take_timeout(ready(())).await.expect("a slot is free").put(5);
    /// assert!(pool.take_timeout(ready(())).await.is_err());
    /// # drop(number);
    /// # });
    /// ```
    #[inline]
    pub fn take_timeout<F: Future>(&self, timer: F) -> TakeTimeout<Take<'_, T>, F> {
        TakeTimeout::new(self.take(), timer)
    }

    /// Takes a slot for a value.
    ///
    /// # Errors
    /// The value, if [`try_take`](Self::try_take) finds no slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<&str, 1>::new();
    /// let word = pool.try_box("one").expect("a slot is free");
    /// assert_eq!(pool.try_box("two"), Err("two"));
    /// # drop(word);
    /// ```
    #[inline]
    pub fn try_box(&self, value: T) -> Result<PoolBox<'_, T>, T> {
        match self.try_take() {
            Some(slot) => Ok(slot.put(value)),
            None => Err(value),
        }
    }

    /// How many slots there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 4>::new();
    /// let slot = pool.try_take();
    /// assert_eq!(pool.capacity(), 4, "taken ones included");
    /// # drop(slot);
    /// ```
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// How many slots are free; while other threads take and give back, only an estimate.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<u64, 4>::new();
    /// let slot = pool.try_take();
    /// assert_eq!(pool.available(), 3);
    /// # drop(slot);
    /// ```
    #[must_use]
    pub fn available(&self) -> usize {
        self.shelf().count_free()
    }

    /// True if a future waits for a slot.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::{future::Future, pin::pin, task::{Context, Waker}};
    /// let pool = qadapt_pool::Pool::<u64, 1>::new();
    /// let slot = pool.try_take();
    /// let mut next = pin!(pool.take());
    /// assert!(!pool.has_waiters());
    /// assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    /// assert!(pool.has_waiters());
    /// # drop(slot);
    /// ```
    #[must_use]
    pub fn has_waiters(&self) -> bool {
        self.shelf().has_waiters()
    }

    /// This pool as a size class of a [`BytePool`](crate::BytePool); its slots still are one pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{BytePool, Bytes, Pool};
    ///
    /// static SMALL: Pool<Bytes<64>, 16> = Pool::new();
    /// static LARGE: Pool<Bytes<2048>, 4> = Pool::new();
    /// static MEMORY: BytePool<'static, 2> = BytePool::new([SMALL.class(), LARGE.class()]);
    ///
    /// let packet = MEMORY.try_bytes(1500).expect("a slot is free");
    /// assert_eq!(LARGE.available(), 3);
    /// # drop(packet);
    /// ```
    #[must_use]
    pub const fn class(&self) -> Class<'_> {
        let slots = self.slots().first().cast();
        // SAFETY: the slots lie one behind the other in an array, and belong to the owners of tickets of this shelf.
        unsafe { Class::new(&self.shelf, slots, size_of::<T>(), align_of::<T>()) }
    }

    const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    #[inline]
    const fn slots(&self) -> Slots<'_, T> {
        let first = (&raw const self.slots).cast::<T>().cast_mut();
        // SAFETY: the address of a field is not null.
        let first = unsafe { NonNull::new_unchecked(first) };
        // SAFETY: there are `N` slots, borrowed for as long as the result lives, in cells that only owners of tickets touch.
        unsafe { Slots::new(first) }
    }
}

impl<T, const N: usize> Default for Pool<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for Pool<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("capacity", &N)
            .field("available", &self.available())
            .field("has_waiters", &self.has_waiters())
            .finish()
    }
}
