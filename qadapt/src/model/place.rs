//! Where a region is in the source, and its name.

use core::fmt;
use core::panic::Location;

/// A region's name, if it has one, and where it is entered.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The name that reports print.
    pub(crate) name: Option<&'static str>,
    /// The line that enters the region.
    pub(crate) location: &'static Location<'static>,
    /// The poll of a future that the region is, counted from 1; 0 for a region that is none.
    pub(crate) poll: u32,
}

impl Place {
    /// The caller's line, under a name.
    #[must_use]
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Self { name: Some(name), location: Location::caller(), poll: 0 }
    }

    /// The caller's line, without a name.
    #[must_use]
    #[track_caller]
    #[inline(always)]
    pub(crate) const fn unnamed() -> Self {
        Self { name: None, location: Location::caller(), poll: 0 }
    }
}

/// What reports call the region, without where it was entered.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.poll > 0 {
            write!(f, "poll {} of ", self.poll)?;
        }
        let what = if self.poll > 0 { "future" } else { "region" };
        match self.name {
            Some(name) => write!(f, "the protected {what} `{name}`"),
            None => write!(f, "a protected {what}"),
        }
    }
}
