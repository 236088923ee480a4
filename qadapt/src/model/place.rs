//! Where a region is in the source, and its name.

use core::fmt;
use core::panic::Location;

use super::{Function, Name};

/// A region's name and where it is entered.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The name that reports print.
    pub(crate) name: Name,
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
        Self { name: Name::given(name), location: Location::caller(), poll: 0 }
    }

    /// The caller's line, under the name of the function that declares the type of `_function`.
    #[must_use]
    #[track_caller]
    pub const fn of<F: Function>(_function: &F) -> Self {
        Self { name: Name::of::<F>(), location: Location::caller(), poll: 0 }
    }

    /// The caller's line, without a name.
    #[must_use]
    #[track_caller]
    #[inline(always)]
    pub(crate) const fn unnamed() -> Self {
        Self { name: Name::NONE, location: Location::caller(), poll: 0 }
    }
}

/// What reports call the region, without where it was entered.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.poll > 0 {
            write!(f, "poll {} of ", self.poll)?;
        }
        let what = if self.poll > 0 { "future" } else { "region" };
        if self.name.is_none() {
            return write!(f, "a protected {what}");
        }
        write!(f, "the protected {what} `{}`", self.name)
    }
}
