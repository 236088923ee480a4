//! A value in a pool, with one owner.
#![expect(unsafe_code, reason = "the value lies in a pool")]

use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::future::Future;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll};

use crate::ticket::Ticket;

/// A value in a pool, which drops it and gives its slot back; like std's `Box`.
///
/// Dropping it drops the value first and gives the slot back then, even if the value's `Drop` panics. Forgetting it keeps
/// the slot taken for as long as the pool lives.
///
/// # Examples
///
/// ```
/// static POOL: qadapt_pool::Pool<u64, 2> = qadapt_pool::Pool::new();
///
/// let mut number = POOL.try_box(4).expect("a slot is free");
/// *number += 1;
/// let thread = std::thread::spawn(move || *number + 1);
/// assert_eq!(thread.join().expect("no panic"), 6);
/// assert_eq!(POOL.available(), 2);
/// ```
pub struct PoolBox<'p, T: ?Sized> {
    value: NonNull<T>,
    _owns: PhantomData<T>,
    /// Dropped after `drop` has dropped the value, and even if that panics.
    ticket: Ticket<'p>,
}

// SAFETY: it owns its value, as a `T` does; the ticket can go back on any thread.
unsafe impl<T: ?Sized + Send> Send for PoolBox<'_, T> {}
// SAFETY: shared, it gives access to a shared `T`.
unsafe impl<T: ?Sized + Sync> Sync for PoolBox<'_, T> {}

/// The value does not move with the box.
impl<T: ?Sized> Unpin for PoolBox<'_, T> {}

impl<'p, T: ?Sized> PoolBox<'p, T> {
    /// # Safety
    /// The memory of the ticket's slot holds this value, which the caller gives up.
    #[inline]
    pub(crate) const unsafe fn from_parts(value: NonNull<T>, ticket: Ticket<'p>) -> Self {
        Self { value, _owns: PhantomData, ticket }
    }

    /// The value, which nobody drops then, and the ticket of its memory.
    #[inline]
    pub(crate) fn into_parts(self) -> (NonNull<T>, Ticket<'p>) {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so that the ticket has one owner again.
        (this.value, unsafe { ptr::read(&raw const this.ticket) })
    }
}

impl<T> PoolBox<'_, T> {
    /// Takes the value out, and gives the slot back.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = qadapt_pool::Pool::<&str, 1>::new();
    /// let word = pool.try_box("one").expect("a slot is free");
    /// assert_eq!(word.into_inner(), "one");
    /// assert_eq!(pool.available(), 1);
    /// ```
    #[inline]
    #[must_use = "the value is dropped otherwise: drop the box instead"]
    pub fn into_inner(self) -> T {
        let (value, ticket) = self.into_parts();
        // SAFETY: the value is valid and nobody uses it any more.
        let value = unsafe { value.read() };
        drop(ticket);
        value
    }
}

impl<T> PoolBox<'_, [T]> {
    /// Shortens the slice and drops what was behind it. The slot stays as large as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Bytes, Pool};
    ///
    /// static PACKETS: Pool<Bytes<1500>, 2> = Pool::new();
    ///
    /// let block = PACKETS.try_take().expect("two are free").into_block();
    /// let mut packet = block.zeroed(1500).expect("the block is as large");
    /// packet[..4].copy_from_slice(b"ping");
    /// packet.truncate(4);
    /// assert_eq!(&*packet, b"ping");
    /// ```
    pub fn truncate(&mut self, len: usize) {
        if len >= self.value.len() {
            return;
        }
        let (kept, rest) = self.split_at_mut(len);
        let [kept, rest] = [kept, rest].map(ptr::from_mut);
        // SAFETY: a part of a slice that lies in the slot is not null.
        self.value = unsafe { NonNull::new_unchecked(kept) };
        // SAFETY: the rest is valid, and the box does not reach it any more, even if a drop panics.
        unsafe { rest.drop_in_place() };
    }
}

impl<T: ?Sized> Drop for PoolBox<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the box owns a valid value, and nobody uses it any more.
        unsafe { self.value.drop_in_place() };
    }
}

impl<T: ?Sized> Deref for PoolBox<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the box owns a valid value.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for PoolBox<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the box owns a valid value.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized> AsRef<T> for PoolBox<'_, T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> AsMut<T> for PoolBox<'_, T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized> Borrow<T> for PoolBox<'_, T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for PoolBox<'_, T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<F: Future + Unpin + ?Sized> Future for PoolBox<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(&mut **self).poll(context)
    }
}

impl<I: Iterator + ?Sized> Iterator for PoolBox<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for PoolBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for PoolBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq + ?Sized> PartialEq for PoolBox<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq + ?Sized> Eq for PoolBox<'_, T> {}

impl<T: PartialOrd + ?Sized> PartialOrd for PoolBox<'_, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord + ?Sized> Ord for PoolBox<'_, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash + ?Sized> Hash for PoolBox<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
