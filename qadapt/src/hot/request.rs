//! One call of an allocator method.

use crate::model::{Op, Ops};

/// One call of an allocator method. Sizes and alignment are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) op: Op,
    /// What is asked for; for a deallocation, what is given back.
    pub(crate) size: usize,
    /// The block's size before a reallocation; otherwise 0.
    pub(crate) old_size: usize,
    pub(crate) align: usize,
}

/// Why an event is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A region disallows the operation.
    Disallowed,
    /// A budget has not enough left for it.
    OverBudget,
}

impl Request {
    /// The operation as policies tell it apart.
    #[inline(always)]
    pub(super) fn ops(&self) -> Ops {
        match self.op {
            Op::Alloc => Ops::ALLOC,
            Op::AllocZeroed => Ops::ZEROED,
            Op::Realloc if self.size > self.old_size => Ops::GROW,
            Op::Realloc => Ops::SHRINK,
            Op::Dealloc => Ops::DEALLOC,
            Op::SystemCall => Ops::NONE,
        }
    }

    /// Bytes that the program has afterwards, less those that it had.
    #[inline(always)]
    pub(super) fn change(&self) -> i64 {
        let size = self.size as u64;
        if self.op == Op::Dealloc {
            return 0_i64.wrapping_sub_unsigned(size);
        }
        0_i64.wrapping_add_unsigned(size).wrapping_sub_unsigned(self.old_size as u64)
    }
}
