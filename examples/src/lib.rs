//! What the example programs are made of; the programs themselves lie one folder up, and the data beside them.
//!
//! - `audio_callback`: an audio effect over a recording, block by block.
//! - `order_book`: a limit order book that follows a market-data feed.
//! - `trivia`: which of three lines of Rust allocate, in this build.
//! - `async_pipeline`: a service on several threads whose hot path is protected while its neighbours allocate.
//! - `server`: a web server whose handlers are watched, one request in ten, under the load of its clients.
//! - `service`: a web server that runs until it is stopped, and serves QADAPT's figures for Prometheus.
//! - `packet_service`: a UDP service whose packets lie in pools, so that it allocates nothing, and a client that floods it.
//! - `dyn_async`: four ways to call an async method through `dyn`, and what each call allocates.
//! - `pinned`: one future pinned in a box and on the stack.
//! - `zero_alloc_test`: a library's test suite that asserts zero allocation.
//!
//! Nothing here installs QADAPT as the allocator: that is the choice of the program that links the library, so each
//! example does it. In a program that does not, a region watches nothing.

pub mod audio;
pub mod book;
pub mod cli;
pub mod packets;
pub mod poll;
#[cfg(feature = "process-counts")]
pub mod prometheus;
pub mod random;
pub mod trivia;
pub mod varint;

/// So that the package's own unit tests are watched.
#[cfg(test)]
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
