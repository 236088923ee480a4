//! What stands in for `src/primitive.rs`: the atomics and cells of loom.

pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::sync::atomic::{AtomicUsize, Ordering, fence};

/// loom's cell, which fails the model if two threads use it at once.
pub(crate) struct Cell<T>(loom::cell::UnsafeCell<T>);

impl<T> Cell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with_mut<R>(&self, work: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(work)
    }
}

/// loom takes sequentially consistent accesses for acquiring and releasing ones; fences it takes as they are.
pub(crate) fn order() {
    fence(Ordering::SeqCst);
}

/// Every thread begins at the first word: an interleaving is run again from its start, and addresses differ then.
pub(crate) fn home() -> usize {
    0
}

/// There are no interrupts here.
pub(crate) struct Section;

impl Section {
    pub(crate) fn enter() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "as in the library")]
    pub(crate) fn leave(self) {}
}
