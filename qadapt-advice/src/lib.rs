//! What to do instead of a known habit that touches the allocator.
//!
//! A catalogue of rules, each a file of data in `src/rules`: what a rule recognises, and one line that says what to do
//! instead. [`advise`] matches it against one allocator [`Event`] and the names on its call stack. The crate needs
//! `core` alone, allocates nothing and knows nothing of how stacks are recorded.
//!
//! Rules look at the frames between the allocator and the user's own code. The frame nearest to the user's code that
//! any rule knows decides, since that is the call that the user wrote: a `collect` that grows a `Vec` is a `collect`.
//! What a dependency's own code calls is no habit of the user's, and gets no advice.
//! A few rules look further out, as far as the frames go: a lazy value is made by the user's own closure, but what to
//! do about it is to touch it earlier.
//!
//! Names may be what a symbol demangles to (`<alloc::vec::Vec<T>>::push`, `alloc::slice::<impl [T]>::sort`) or what
//! debug information gives for inlined functions (`push<u64>`), which needs the source file to be told apart.
//!
//! # Examples
//! ```
//! use qadapt_advice::{Event, Frame, Op, advise};
//!
//! let frames = [
//!     Frame::foreign("grow_one<u64>", "/rustc/0/library/alloc/src/raw_vec/mod.rs"),
//!     Frame::foreign("push<u64>", "/rustc/0/library/alloc/src/vec/mod.rs"),
//!     Frame::own("queue::add", "src/queue.rs"),
//! ];
//! let advice = advise(&Event { op: Op::Realloc, size: 32, old_size: 16, frames: &frames }).expect("a known habit");
//! assert_eq!(advice.id(), "vec-growth");
//! assert_eq!(advice.to_string(), "reserve the capacity outside the region: the Vec grew from 16 to 32 bytes");
//! ```

#![no_std]

mod advice;
mod entry;
mod event;
mod name;
mod on;
mod packed;
mod rule;
mod rules;
mod table;
mod writes;

pub use advice::{Advice, advise, advise_by};
pub use event::{Event, Frame, Op};
pub use packed::Rule;
pub use rule::rules;
