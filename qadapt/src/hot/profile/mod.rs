//! A sampling profile of the heap: a few of the blocks that the program allocates, each with its call stack.
//!
//! Which blocks those are is what a [countdown](countdown) of bytes on each thread says. What a block stands for is added up by
//! [stack](sites), and a block that is alive has [a place](live) where it is found when it is given back.

pub(super) mod allocator;
pub(crate) mod countdown;
pub(crate) mod label;
mod live;
pub(crate) mod sites;
