//! A sampling profile of the heap: a few of the blocks that the program allocates, each with its call stack.
//!
//! Which blocks those are is what a [countdown](countdown) of bytes on each thread says. What a block stands for is added up by
//! [stack](sites), and a block that is alive has [a place](live) where it is found when it is given back.
//!
//! The guard tests the thread's [word](super::word) for each allocation. Where it is zero, nothing watches the thread and nothing is sampled
//! on it; where it is [`SAMPLED`](super::word::SAMPLED) and nothing else, the bytes are counted down, too:
//!
//! ```text
//!  allocation:    word == 0 ?  yes: the inner allocator
//!                              no:  word == SAMPLED ?  yes: left -= size, below 0: a sample
//!                                                      no:  watched
//!  deallocation:  word & !SAMPLED == 0 ?  yes: the address is a page's ?  no:  the inner allocator
//! ```
//!
//! So sampling that is off costs an allocation nothing. A deallocation looks at the address in any case: whatever was sampled is found.

pub(crate) mod allocator;
pub(crate) mod countdown;
pub(crate) mod label;
mod live;
pub(crate) mod sites;
pub(crate) mod unnamed;
