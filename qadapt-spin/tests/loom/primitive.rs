//! What the primitives are made of in the models: loom's atomics, and a mutex over them.

use core::ops::{Deref, DerefMut};

pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering},
};

/// A mutex whose state loom sees, in the place of spin's, whose atomics are out of loom's reach.
///
/// It takes and releases its flag in the way of `spin::Mutex::try_lock` and its guard: a compare-exchange with Acquire,
/// a store with Release. The value lies in a spin mutex that no one ever waits for, only to need no unsafe code.
pub(crate) struct Mutex<T> {
    held: AtomicBool,
    value: spin::Mutex<T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { held: AtomicBool::new(false), value: spin::Mutex::new(value) }
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        // Acquire pairs with the Release store in `Release::drop`; a failure reads nothing that it guards.
        self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).ok()?;
        let release = Release(&self.held);
        let value = self.value.try_lock().expect("the flag let two holders in");
        Some(MutexGuard { value, _release: release })
    }
}

/// Fields drop in the order of their declaration: the value first, then the flag that let us at it.
pub(crate) struct MutexGuard<'a, T> {
    value: spin::MutexGuard<'a, T>,
    _release: Release<'a>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

struct Release<'a>(&'a AtomicBool);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `Mutex::try_lock`: the next holder sees what this one wrote.
        self.0.store(false, Ordering::Release);
    }
}
