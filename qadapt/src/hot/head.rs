//! Where a list of loans begins.

/// The first of a list of loans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head(pub(super) u32);

impl Head {
    pub(crate) const NONE: Self = Self(0);

    #[inline(always)]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The list that begins with the loan of this number.
    pub(super) fn of(number: usize) -> Self {
        Self(u32::try_from(number + 1).unwrap_or(0))
    }

    /// The number of its first loan.
    pub(super) fn number(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}
