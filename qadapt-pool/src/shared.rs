//! A value in a pool, with several owners.
#![expect(unsafe_code, reason = "owners share a box")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr;

use crate::boxed::PoolBox;
use crate::primitive::{AtomicUsize, Ordering, fence};

/// What lies in the slot of a [`PoolArc`]: the value, and how many own it. A pool for such values is a
/// `Pool<Shared<T>, N>`.
///
/// # Examples
///
/// ```
/// use qadapt_pool::{Pool, Shared};
///
/// static NAMES: Pool<Shared<&str>, 2> = Pool::new();
///
/// let name = NAMES.try_take().expect("a slot is free").share("one");
/// assert_eq!(*name, "one");
/// ```
pub struct Shared<T> {
    owners: AtomicUsize,
    value: T,
}

impl<T> Shared<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { owners: AtomicUsize::new(1), value }
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("value", &self.value).finish_non_exhaustive()
    }
}

/// A value in a pool that several owners share; the last one drops it and gives its slot back. Like std's `Arc`, without
/// weak references.
///
/// [`Slot::share`](crate::Slot::share) and [`Block::share`](crate::Block::share) make one.
///
/// # Examples
///
/// ```
/// use qadapt_pool::{Pool, PoolArc, Shared};
///
/// static TABLES: Pool<Shared<[u32; 256]>, 2> = Pool::new();
///
/// let table: PoolArc<'_, _> = TABLES.try_take().expect("a slot is free").share([1; 256]);
/// let same = table.clone();
/// let thread = std::thread::spawn(move || same[255]);
/// assert_eq!(thread.join().expect("no panic"), table[255]);
/// drop(table);
/// assert_eq!(TABLES.available(), 2);
/// ```
pub struct PoolArc<'p, T> {
    /// Each owner has a copy, and the last one drops its own.
    shared: ManuallyDrop<PoolBox<'p, Shared<T>>>,
}

// SAFETY: owners share the value (`Sync`), and the last one drops it, whichever it is (`Send`).
unsafe impl<T: Send + Sync> Send for PoolArc<'_, T> {}
// SAFETY: as above: a shared `PoolArc` can be cloned.
unsafe impl<T: Send + Sync> Sync for PoolArc<'_, T> {}

impl<'p, T> PoolArc<'p, T> {
    pub(crate) const fn new(shared: PoolBox<'p, Shared<T>>) -> Self {
        Self { shared: ManuallyDrop::new(shared) }
    }

    /// How many own the value; while other threads clone and drop, only an estimate.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, PoolArc, Shared};
    ///
    /// let pool = Pool::<Shared<u64>, 1>::new();
    /// let number = pool.try_take().expect("a slot is free").share(5);
    /// let same = number.clone();
    /// assert_eq!(PoolArc::owners(&number), 2);
    /// # drop(same);
    /// ```
    #[must_use]
    pub fn owners(this: &Self) -> usize {
        this.shared.owners.load(Ordering::Relaxed)
    }

    /// True if both own the same value.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, PoolArc, Shared};
    ///
    /// let pool = Pool::<Shared<u64>, 2>::new();
    /// let share = |number| pool.try_take().expect("a slot is free").share(number);
    /// let (one, other) = (share(5), share(5));
    /// assert!(PoolArc::ptr_eq(&one, &one.clone()));
    /// assert!(!PoolArc::ptr_eq(&one, &other));
    /// ```
    #[must_use]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        ptr::eq(&raw const **this, &raw const **other)
    }

    /// The value, to change it, if nobody else owns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, PoolArc, Shared};
    ///
    /// let pool = Pool::<Shared<u64>, 1>::new();
    /// let mut number = pool.try_take().expect("a slot is free").share(5);
    /// *PoolArc::get_mut(&mut number).expect("it has one owner") += 1;
    /// let same = number.clone();
    /// assert_eq!(PoolArc::get_mut(&mut number), None);
    /// assert_eq!(*same, 6);
    /// ```
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        // Acquire pairs with the Release in `drop`: what the others did to the value happened before. Nobody can become an
        // owner meanwhile, since only owners can make owners.
        if this.shared.owners.load(Ordering::Acquire) == 1 { Some(&mut this.shared.value) } else { None }
    }

    /// Takes the value out and gives the slot back, if nobody else owns it; else this owner is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_pool::{Pool, PoolArc, Shared};
    ///
    /// let pool = Pool::<Shared<u64>, 1>::new();
    /// let number = pool.try_take().expect("a slot is free").share(5);
    /// let same = number.clone();
    /// assert_eq!(PoolArc::into_inner(number), None);
    /// assert_eq!(PoolArc::into_inner(same), Some(5));
    /// assert_eq!(pool.available(), 1);
    /// ```
    #[must_use]
    pub fn into_inner(this: Self) -> Option<T> {
        let mut this = ManuallyDrop::new(this);
        if !this.leave() {
            return None;
        }
        // SAFETY: this was the last owner, and neither it nor its copy of the box is used again.
        let shared = unsafe { ManuallyDrop::take(&mut this.shared) };
        Some(shared.into_inner().value)
    }

    /// True if nobody owns the value any more.
    fn leave(&self) -> bool {
        // Release pairs with the Acquire below and in `get_mut`, as in std's `Arc`.
        if self.shared.owners.fetch_sub(1, Ordering::Release) != 1 {
            return false;
        }
        fence(Ordering::Acquire);
        true
    }
}

impl<T> Deref for PoolArc<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.shared.value
    }
}

impl<T> Clone for PoolArc<'_, T> {
    /// # Panics
    /// If there were more owners than half of the address space has bytes, which forgetting clones could bring about.
    fn clone(&self) -> Self {
        // Relaxed, as in std's `Arc`: who clones has an owner already.
        let before = self.shared.owners.fetch_add(1, Ordering::Relaxed);
        if before > usize::MAX / 2 {
            self.shared.owners.fetch_sub(1, Ordering::Relaxed);
            panic!("too many owners of one value");
        }
        // SAFETY: the copy is counted as an owner, and only the last owner drops its copy.
        Self { shared: unsafe { ptr::read(&raw const self.shared) } }
    }
}

impl<T> Drop for PoolArc<'_, T> {
    fn drop(&mut self) {
        if self.leave() {
            // SAFETY: this was the last owner, and its copy is not used again.
            unsafe { ManuallyDrop::drop(&mut self.shared) };
        }
    }
}

impl<T> AsRef<T> for PoolArc<'_, T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: fmt::Debug> fmt::Debug for PoolArc<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
