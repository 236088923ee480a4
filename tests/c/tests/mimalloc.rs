//! C's allocations beside an inner allocator of Rust's that asks C for nothing.
//!
//! Alone because its global allocator is mimalloc.

use mimalloc::MiMalloc;
use qadapt::Qadapt;

#[global_allocator]
static ALLOC: Qadapt<MiMalloc> = Qadapt::new(MiMalloc);

#[path = "inner_allocator/checks.rs"]
mod checks;
