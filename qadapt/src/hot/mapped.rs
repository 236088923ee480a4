//! Memory that is mapped when it is first needed, past the program's allocator, and stays as long as the process.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use crate::sys;

/// What zeroed memory is a valid value of, for any thread to use.
///
/// # Safety
/// All zeros are a value of the type, which changes through atomics only and needs no more alignment than a page has.
#[expect(unsafe_code, reason = "memory that is mapped is zeroed")]
pub(super) unsafe trait Zeroed: Sync + 'static {}

#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: 0.
unsafe impl Zeroed for AtomicU32 {}
#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: 0.
unsafe impl Zeroed for AtomicU64 {}
#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: each of them is zeros.
unsafe impl<T: Zeroed, const N: usize> Zeroed for [T; N] {}
#[expect(unsafe_code, reason = "says what zeros are")]
// SAFETY: a null pointer.
unsafe impl<T: Zeroed> Zeroed for Mapped<T> {}

/// A value that is not there until it is made, zeroed.
#[repr(transparent)]
pub(super) struct Mapped<T>(AtomicPtr<T>);

impl<T: Zeroed> Mapped<T> {
    pub(super) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// The value, if it was made.
    #[inline]
    pub(super) fn get(&self) -> Option<&'static T> {
        // Acquire pairs with the Release in `make`: with the pointer come the zeros.
        Self::follow(self.0.load(Ordering::Acquire))
    }

    /// The value, which is made now if it was not; `None` where there is no memory for it.
    pub(super) fn make(&self) -> Option<&'static T> {
        self.get().or_else(|| {
            let new = Self::map();
            let first = self.0.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
            // Where another thread was faster, what was mapped has no page of memory yet, and stays.
            Self::follow(first.map_or_else(|theirs| theirs, |_| new))
        })
    }

    /// Whatever was there is forgotten, and a new value made.
    pub(super) fn make_anew(&self) {
        self.0.store(Self::map(), Ordering::Release);
    }

    /// True if the value was made.
    #[inline(always)]
    pub(super) fn is_there(&self) -> bool {
        // Relaxed: only whether.
        !self.0.load(Ordering::Relaxed).is_null()
    }

    /// Null where there is no memory.
    fn map() -> *mut T {
        sys::map_pages(size_of::<T>()).cast()
    }

    #[expect(unsafe_code, reason = "the value lies in a mapping")]
    fn follow(found: *mut T) -> Option<&'static T> {
        // SAFETY: null, or what `map` made for this type: zeroed pages, of which `Zeroed` says that they are a value. They are never
        // unmapped.
        unsafe { found.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_make_a_value_at_once_share_it() {
        static VALUE: Mapped<[AtomicU64; 1000]> = Mapped::new();
        assert!(VALUE.get().is_none() && !VALUE.is_there());
        let add = || VALUE.make().expect("there is memory")[999].fetch_add(1, Ordering::Relaxed);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(add);
            }
        });
        assert_eq!(add(), 4);
        VALUE.make_anew();
        assert_eq!(add(), 0);
    }
}
