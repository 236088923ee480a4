//! Runs each example as its users do, as a process of its own, and reads what it prints.
//!
//! The examples are built like this program: whether they have checks is what `is_active` says here. Cargo builds them
//! before it runs this program, unless it is told to test this program alone.

mod async_programs;
mod audio_callback;
mod child;
mod no_waiting;
mod order_book;
mod packet_service;
mod server;
#[cfg(all(feature = "process-counts", feature = "profile"))]
mod service;
mod trivia;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
