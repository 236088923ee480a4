//! Values that may be dropped in protected code.

use core::iter::FusedIterator;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};

use super::permit::permit_alloc;

/// Holds a value whose drop may touch the allocator, also inside a protected region.
///
/// The drop runs in a [`permit_alloc()`]; everything else done with the value is watched as usual.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let scratch = qadapt::PermitDrop::new(vec![0_u8; 64]);
/// qadapt::assert_no_alloc(move || {
///     assert_eq!(scratch.len(), 64);
///     // `scratch` is freed here, with permission.
/// });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermitDrop<T> {
    value: ManuallyDrop<T>,
}

impl<T> PermitDrop<T> {
    /// Wraps a value.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// let list = qadapt::PermitDrop::new(vec![1, 2, 3]);
    /// let length = qadapt::assert_no_alloc(move || list.len()); // and drops the list
    /// assert_eq!(length, 3);
    /// ```
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value) }
    }

    /// The value; from now on its drop is watched again.
    ///
    /// # Examples
    /// ```
    /// let list = qadapt::PermitDrop::new(vec![1, 2, 3]);
    /// let list: Vec<i32> = list.into_inner();
    /// assert_eq!(list, [1, 2, 3]);
    /// ```
    #[must_use]
    #[expect(unsafe_code, reason = "a type with Drop cannot be taken apart safely")]
    pub fn into_inner(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so the value is taken once and not used afterwards.
        unsafe { ManuallyDrop::take(&mut this.value) }
    }
}

impl<T> From<T> for PermitDrop<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Deref for PermitDrop<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for PermitDrop<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Only the drop is permitted; what `next` does is watched.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let events = qadapt::PermitDrop::new(vec![1, 2, 3].into_iter());
/// let sum: i32 = qadapt::assert_no_alloc(|| events.sum());
/// assert_eq!(sum, 6);
/// ```
impl<I: Iterator> Iterator for PermitDrop<I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        self.value.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.value.size_hint()
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<I::Item> {
        self.value.nth(n)
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for PermitDrop<I> {
    #[inline]
    fn next_back(&mut self) -> Option<I::Item> {
        self.value.next_back()
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for PermitDrop<I> {}

impl<I: FusedIterator> FusedIterator for PermitDrop<I> {}

impl<T> Drop for PermitDrop<T> {
    #[expect(unsafe_code, reason = "the value's drop must run inside the permit")]
    fn drop(&mut self) {
        permit_alloc(|| {
            // SAFETY: `self` is being dropped, so nothing uses the value afterwards; it is dropped here only.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        });
    }
}
