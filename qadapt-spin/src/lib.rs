//! Locks and tables that may run inside an allocator call or a signal handler.
//!
//! Nothing here allocates, unwinds, formats on its own or waits without a bound, and everything can live in a
//! `static`. That is what a `GlobalAlloc` method may use, and what a signal handler may use that interrupts one.
//!
//! - [`StackTable`] keeps each distinct call stack once and counts how often it occurred.
//! - [`StackPool`] keeps call stacks for as long as somebody holds them.
//! - [`Key`] is the 64-bit hash that tells stacks apart.
//! - [`Mailboxes`] bring what other threads give to an owner, who can close its box at any time.
//! - [`BlockList`] links blocks that wait to be freed through the blocks themselves; [`BlockRing`] keeps those that cannot be
//!   written to.
//! - [`Lock`] guards what the report side shares; taking it always gives up after a bounded number of attempts.
//!
//! The crate needs 64-bit atomics and `core` alone. The models in `tests/loom.rs` compile these files over loom's atomics,
//! under `--cfg loom`, and explore every interleaving that loom can tell apart; the constructors are then not `const`.
//!
//! # Examples
//!
//! ```
//! use qadapt_spin::{Key, StackTable};
//!
//! static STACKS: StackTable<64, 16> = StackTable::new();
//!
//! let frames = [0x5000_1000, 0x5000_2000];
//! if let Some(slot) = STACKS.insert(Key::of(0, &frames), &frames, [8, 0]) {
//!     assert_eq!(STACKS.hit(slot), 1);
//! }
//! ```

#![no_std]

mod block_list;
mod block_ring;
mod key;
mod lock;
mod mailboxes;
mod primitive;
mod stack;
mod stack_pool;
mod stack_table;

pub use block_list::{BlockList, Link, Taker};
pub use block_ring::BlockRing;
pub use key::Key;
pub use lock::{Guard, Lock};
pub use mailboxes::{Address, Busy, Given, Mailboxes};
pub use stack::Stack;
pub use stack_pool::StackPool;
pub use stack_table::{Slot, StackTable};
