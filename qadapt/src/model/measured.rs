//! A figure that may not have been measured.

use core::cmp::Ordering;
use core::fmt;

/// A figure, or the fact that nothing was measured.
///
/// It compares with plain numbers and with other figures. An unmeasured figure equals nothing, another unmeasured figure
/// included, and is neither less nor greater: so an assertion about it fails, also a leak check that holds one
/// figure against another.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, _) = qadapt::count_alloc(|| drop(Vec::<u8>::with_capacity(100)));
/// match counts.bytes().get() {
///     Some(bytes) => assert!(bytes == 100 && counts.allocs() == counts.deallocs()),
///     None => assert!(counts.bytes() != 100 && counts.allocs() != counts.deallocs()),
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Measured<T>(Option<T>);

impl<T> Measured<T> {
    pub(crate) const fn new(figure: Option<T>) -> Self {
        Self(figure)
    }
}

impl<T: Copy> Measured<T> {
    /// The figure; `None` if nothing was measured.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::hint::black_box;
    ///
    /// let (counts, boxed) = qadapt::count_alloc(|| black_box(Box::new(7_u64)));
    /// assert_eq!(counts.bytes().get(), qadapt::is_active().then_some(8));
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub const fn get(self) -> Option<T> {
        self.0
    }
}

impl<T: PartialEq> PartialEq for Measured<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().zip(other.0.as_ref()).is_some_and(|(one, other)| one == other)
    }
}

impl<T: PartialOrd> PartialOrd for Measured<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.0.as_ref()?.partial_cmp(other.0.as_ref()?)
    }
}

impl<T: PartialEq> PartialEq<T> for Measured<T> {
    fn eq(&self, number: &T) -> bool {
        self.0.as_ref() == Some(number)
    }
}

impl<T: PartialOrd> PartialOrd<T> for Measured<T> {
    fn partial_cmp(&self, number: &T) -> Option<Ordering> {
        self.0.as_ref()?.partial_cmp(number)
    }
}

impl<T: fmt::Display> fmt::Display for Measured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(figure) => figure.fmt(f),
            None => f.pad("unmeasured"),
        }
    }
}

impl<T: fmt::Display> fmt::Debug for Measured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNMEASURED: Measured<u64> = Measured::new(None);

    fn seven() -> Measured<u64> {
        Measured::new(Some(7))
    }

    #[test]
    fn an_unmeasured_figure_equals_nothing() {
        assert_ne!(UNMEASURED, 0);
        assert_ne!(UNMEASURED, UNMEASURED);
        assert_ne!(UNMEASURED, seven());
        assert_ne!(seven(), UNMEASURED);
        assert!(UNMEASURED.partial_cmp(&u64::MAX).is_none());
        for (one, other) in [(UNMEASURED, UNMEASURED), (UNMEASURED, seven()), (seven(), UNMEASURED)] {
            assert!(one.partial_cmp(&other).is_none());
        }
        assert_eq!(format!("{UNMEASURED} {UNMEASURED:?}"), "unmeasured unmeasured");
    }

    #[test]
    fn measured_figures_compare_as_numbers() {
        assert_eq!(seven(), 7);
        assert_eq!(seven(), seven());
        assert!(seven() < 8 && seven() >= seven() && seven() < Measured::new(Some(8)));
    }
}
