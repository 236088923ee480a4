//! Bounded memory for code that must not allocate: pools that can be asked for a slot, or awaited, and that take slots
//! back without ever waiting.
//!
//! - [`Pool`] has slots for values of one type, [`BytePool`] blocks of several sizes, over statics or over memory of the
//!   caller's ([`Arena`]).
//! - [`try_take`](Pool::try_take) never waits; [`take`](Pool::take) is a future, fair and cancellable, for any executor;
//!   [`take_timeout`](Pool::take_timeout) waits until a timer of yours has ended.
//! - What was taken becomes a [`PoolBox`] of a value, of a slice or of a `dyn Future` ([`PoolFuture`]), or a [`PoolArc`].
//!   Dropping it gives the slot back on any thread, also in a handler that has interrupted a thread in the middle of
//!   another operation of the pool: two or three atomic instructions, no lock that could be held. Where a task waits for
//!   a slot its waker runs there.
//! - `&BytePool` is an allocator for collections: `allocator_api2`'s with the feature `allocator-api2`, std's where the
//!   compiler has it (nightly; `build.rs` finds out).
//!
//! The crate is `no_std`, allocates nothing, and depends on nothing that allocates. Nothing in it is a violation in a
//! region that QADAPT (the crate `qadapt` beside this one) protects; the waker of a task that waits for a slot is its executor's.
//!
//! # Examples
//!
//! ```
//! use qadapt_pool::{Pool, PoolBox};
//!
//! static ORDERS: Pool<[u64; 4], 32> = Pool::new();
//!
//! async fn next_order() -> PoolBox<'static, [u64; 4]> {
//!     ORDERS.take().await.put([0; 4])
//! }
//!
//! let order = futures_executor::block_on(next_order());
//! assert_eq!(ORDERS.available(), 31);
//! drop(order);
//! assert_eq!(ORDERS.available(), 32);
//! ```
//!
//! # Fairness
//! Whoever waits comes first. A slot that is given back goes to the future that was polled first, and to no one who comes
//! later. One slot wakes one task. A future that is dropped leaves the queue; if it had been given a slot, that goes to
//! the next one, whose task is woken.
//!
//! # The trap: one pool for both directions
//! A service that takes a buffer for each request and another one for each answer from one pool stops for ever once
//! requests hold all of its slots: each waits for a buffer for its answer, and gives its own back only after having
//! answered. Embassy took its packet pool out for that reason (embassy-rs/embassy, pull request 1096). The way out is a
//! reserve: answers get a pool, or a size class, that requests cannot use up. A class can also be in two byte pools, so
//! that both directions share what each may use up.
//!
//! ```
//! use qadapt_pool::{BytePool, Bytes, Pool};
//!
//! static COMMON: Pool<Bytes<1500>, 6> = Pool::new();
//! static ANSWERS_ONLY: Pool<Bytes<1500>, 2> = Pool::new();
//!
//! static FOR_REQUESTS: BytePool<'static, 1> = BytePool::new([COMMON.class()]);
//! // The first of two classes of one size is the one that is waited for: the reserve, which only answers use.
//! static FOR_ANSWERS: BytePool<'static, 2> = BytePool::new([ANSWERS_ONLY.class(), COMMON.class()]);
//!
//! let requests: Vec<_> = std::iter::from_fn(|| FOR_REQUESTS.try_bytes(1500)).collect();
//! assert_eq!(requests.len(), 6);
//! assert!(FOR_ANSWERS.try_bytes(1500).is_some(), "an answer can still be made");
//! ```
//!
//! # Threads and interrupts
//! Giving a slot back is wait-free up to the search for the first waiter, if there is one. Where a handler gives a slot
//! back while the thread that it has interrupted works on the queue of waiters, the handler leaves a note, and that
//! thread wakes the waiter when it goes on. `try_take` is lock-free. Polling and dropping a *future* of a pool takes a
//! spin lock, for some dozen instructions in which no code of others runs. So do not poll or drop such a future in a
//! handler that may have interrupted just that; where tasks run at several interrupt priorities (as with RTIC, or with
//! Embassy's `InterruptExecutor`), use the feature `critical-section`, in which nothing interrupts those instructions.
//! Wakers are called, cloned and dropped with nothing held: they may allocate, and they may use the pool.
//!
//! The crate needs compare-and-swap of the size of a pointer, and no 64-bit atomics. On targets without it, as
//! `thumbv6m-none-eabi`, the feature `portable-atomic` uses that crate, configured as its documentation says.
//!
//! # Where the ideas come from
//! That an allocation can be awaited, and that freeing is a push that never blocks, is the idea of mnemOS's allocator
//! (tosc-rs/mnemos, `mnemos-alloc`). That an untagged lock-free stack is not enough for a pool is heapless's issue 180;
//! here there is no stack at all, but a bitmap. `async-pool` has a bitmap too, and wakes all waiters at each free: here it
//! is one. Waiters that lie in their futures are tokio's way; that whoever finds a lock held leaves its work to the holder
//! is flat combining (Hendler, Incze, Shavit, Tzafrir, 2010).
//!
//! # Limits
//! - A full pool is searched by looking at one word for 32 slots (16 on 32-bit systems; 8 for pools of less than 512).
//! - A future that waits and is *forgotten* keeps its turn: the slot that it is given is never free again. Only futures in
//!   forgotten boxes can be. A forgotten box keeps its slot.
//! - Where the features `allocator-api2` and that crate's own `nightly` are on, its trait is std's, and implementing both
//!   is one too many: build with `QADAPT_POOL_ALLOCATOR=0` in the environment then.

#![no_std]
#![cfg_attr(qadapt_pool_allocator, feature(allocator_api))]

#[cfg(any(feature = "allocator-api2", qadapt_pool_allocator))]
mod allocator;
mod arena;
mod bitmap;
mod block;
mod boxed;
mod bytes;
mod class;
mod future;
mod gate;
mod pool;
mod primitive;
mod queue;
mod shared;
mod shelf;
mod slot;
mod slots;
mod take;
mod ticket;
mod turn;

pub use arena::Arena;
pub use block::Block;
pub use boxed::PoolBox;
pub use bytes::{BytePool, TakeBlock, TooLarge};
pub use class::{Bytes, Class};
pub use future::{LocalPoolFuture, PoolFuture};
pub use pool::Pool;
pub use shared::{PoolArc, Shared};
pub use slot::Slot;
pub use take::{Elapsed, Take, TakeTimeout};
