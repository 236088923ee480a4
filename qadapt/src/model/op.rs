//! What the program asked of the allocator, or of the kernel.

use core::fmt;

/// An operation on the allocator, as [`GlobalAlloc`](std::alloc::GlobalAlloc) names them, or a call of the kernel.
///
/// # Examples
/// ```
/// use qadapt::Op;
///
/// assert_eq!(format!("{} of 8 bytes", Op::AllocZeroed), "zeroed allocation of 8 bytes");
/// ```
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
    /// A system call in which the thread may wait: see [`Policy::no_blocking`](crate::Policy::no_blocking).
    SystemCall,
}

impl Op {
    const ALL: [Self; 5] = [Self::Alloc, Self::AllocZeroed, Self::Realloc, Self::Dealloc, Self::SystemCall];

    /// The operation as a noun, as reports print it.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Op;
    ///
    /// assert_eq!(Op::Realloc.noun(), "reallocation");
    /// assert_eq!(Op::SystemCall.noun(), "blocking call");
    /// ```
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Alloc => "allocation",
            Self::AllocZeroed => "zeroed allocation",
            Self::Realloc => "reallocation",
            Self::Dealloc => "deallocation",
            Self::SystemCall => "blocking call",
        }
    }

    /// True if it asks for memory, and so can be refused.
    pub(crate) const fn is_request(self) -> bool {
        matches!(self, Self::Alloc | Self::AllocZeroed | Self::Realloc)
    }

    /// The operation as the catalogue of advice knows it.
    pub(crate) const fn for_advice(self) -> qadapt_advice::Op {
        match self {
            Self::Alloc => qadapt_advice::Op::Alloc,
            Self::AllocZeroed => qadapt_advice::Op::AllocZeroed,
            Self::Realloc => qadapt_advice::Op::Realloc,
            Self::Dealloc => qadapt_advice::Op::Dealloc,
            Self::SystemCall => qadapt_advice::Op::SystemCall,
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
