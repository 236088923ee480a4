//! On what a rule is asked.

use crate::event::{Event, Op};

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct On(u8);

impl On {
    pub(crate) const NEW: Self = Self(1);
    pub(crate) const GROWTH: Self = Self(2);
    pub(crate) const SHRINKING: Self = Self(4);
    pub(crate) const FREE: Self = Self(8);
    /// All requests to the allocator.
    pub(crate) const ANY: Self = Self(15);
    /// Calls that may wait.
    pub(crate) const WAIT: Self = Self(16);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn of(event: &Event<'_>) -> Self {
        match event.op {
            Op::Alloc | Op::AllocZeroed => Self::NEW,
            Op::Realloc if event.size < event.old_size => Self::SHRINKING,
            Op::Realloc => Self::GROWTH,
            Op::Dealloc => Self::FREE,
            Op::SystemCall => Self::WAIT,
        }
    }
}
