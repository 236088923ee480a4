//! A lock that is never waited for without a bound.

use core::{
    fmt,
    ops::{Deref, DerefMut},
};

use crate::primitive::{Mutex, MutexGuard, spin_loop};

/// A spin lock for the report side that can be tried, or waited for a bounded time, but never without end.
///
/// There is no unbounded `lock`, on purpose. A signal handler may interrupt the very thread that holds the lock, and
/// the holder does not go on before the handler returns: if the handler waited, it would wait for ever. In a forked
/// child a lock that another thread of the parent held stays held for good. So every way to take this lock can
/// fail, and the caller says what happens then. Code inside an allocator call uses [`try_lock`](Self::try_lock)
/// alone and counts a failure as lost.
///
/// A panic of the holder releases the lock; there is no poisoning. Leaking the guard leaves the lock held.
///
/// What is checked: the lock is `spin::Mutex`, whose atomics loom cannot see. The loom models run this file over a
/// stand-in with the same flag protocol (compare-exchange with Acquire, store with Release). They check that
/// protocol and this file, not spin's source; the tests with real threads run spin's.
///
/// # Examples
///
/// ```
/// use qadapt_spin::Lock;
///
/// static LAST: Lock<u64> = Lock::new(0);
///
/// match LAST.try_lock() {
///     Some(mut last) => *last = 7,
///     None => { /* lost: count it elsewhere */ }
/// }
/// assert_eq!(*LAST.lock_within(100).expect("nobody else holds it"), 7);
/// ```
pub struct Lock<T> {
    mutex: Mutex<T>,
}

impl<T> Lock<T> {
    /// Makes an open lock round a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::Lock;
    ///
    /// static NAMES: Lock<[Option<&'static str>; 4]> = Lock::new([None; 4]);
    /// assert!(NAMES.try_lock().is_some());
    /// ```
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { mutex: Mutex::new(value) }
    }

    /// Makes an open lock round a value; not `const`, since loom's atomics cannot be.
    #[cfg(loom)]
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { mutex: Mutex::new(value) }
    }

    /// Takes the lock if it is free now, with one attempt; the only way in for code inside an allocator call.
    ///
    /// `None` means that someone holds it, perhaps this very thread beneath a signal handler. What was to be
    /// recorded is then lost, and should be counted as lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::Lock;
    ///
    /// let lock = Lock::new(1);
    /// let held = lock.try_lock();
    /// assert!(held.is_some());
    /// assert!(lock.try_lock().is_none());
    /// drop(held);
    /// assert!(lock.try_lock().is_some());
    /// ```
    #[must_use]
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        // spin takes the flag with Acquire, which pairs with the Release store of the guard's drop.
        self.mutex.try_lock().map(|guard| Guard { guard })
    }

    /// Takes the lock, with one attempt and then up to `spins` more, each after a hint to the processor.
    ///
    /// It spins and does not yield to the scheduler, so `spins` counts attempts, of some nanoseconds each, not
    /// time. `None` means that the lock was held at each of the `spins + 1` attempts.
    ///
    /// # Examples
    ///
    /// ```
    /// use qadapt_spin::Lock;
    ///
    /// let lock = Lock::new(1);
    /// let held = lock.lock_within(0).expect("one attempt is always made");
    /// assert!(lock.lock_within(1_000).is_none());
    /// drop(held);
    /// assert!(lock.lock_within(1_000).is_some());
    /// ```
    #[must_use]
    pub fn lock_within(&self, spins: u32) -> Option<Guard<'_, T>> {
        let mut guard = self.try_lock();
        let mut left = spins;
        while guard.is_none() && left > 0 {
            spin_loop();
            guard = self.try_lock();
            left -= 1;
        }
        guard
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    /// Shows the value, or that the lock is held; never waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_lock() {
            Some(guard) => f.debug_tuple("Lock").field(&*guard).finish(),
            None => f.write_str("Lock(<held>)"),
        }
    }
}

/// Access to the value of a [`Lock`]; the lock is released when this is dropped.
///
/// # Examples
///
/// ```
/// use qadapt_spin::{Guard, Lock};
///
/// fn bump(mut count: Guard<'_, u32>) -> u32 {
///     *count += 1;
///     *count
/// }
///
/// let lock = Lock::new(1);
/// assert_eq!(lock.try_lock().map(bump), Some(2));
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
pub struct Guard<'a, T> {
    guard: MutexGuard<'a, T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
