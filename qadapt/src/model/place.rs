//! Where a region is in the source, and its name.

use core::panic::Location;

/// A region's name, if it has one, and where it is entered.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The name that reports print.
    pub(crate) name: Option<&'static str>,
    /// The line that enters the region.
    pub(crate) location: &'static Location<'static>,
}

impl Place {
    /// The caller's line, under a name.
    #[must_use]
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Self { name: Some(name), location: Location::caller() }
    }

    /// The caller's line, without a name.
    #[must_use]
    #[track_caller]
    #[inline(always)]
    pub(crate) const fn unnamed() -> Self {
        Self { name: None, location: Location::caller() }
    }
}
