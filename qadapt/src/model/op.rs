//! What the program asked of the allocator.

use core::fmt;

/// An operation on the allocator, as [`GlobalAlloc`](std::alloc::GlobalAlloc) names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// New memory (`alloc`).
    Alloc,
    /// New memory, zeroed (`alloc_zeroed`).
    AllocZeroed,
    /// A block gets another size (`realloc`).
    Realloc,
    /// A block is given back (`dealloc`).
    Dealloc,
}

impl Op {
    const ALL: [Self; 4] = [Self::Alloc, Self::AllocZeroed, Self::Realloc, Self::Dealloc];

    /// The operation as a noun, as reports print it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Alloc => "allocation",
            Self::AllocZeroed => "zeroed allocation",
            Self::Realloc => "reallocation",
            Self::Dealloc => "deallocation",
        }
    }

    /// The operation with this code, which [`Op::code`] gave.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.code() == code)
    }

    /// A number that stands for the operation in the table of stacks.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.noun())
    }
}
