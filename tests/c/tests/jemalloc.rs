//! C's allocations beside an inner allocator of Rust's that asks C for nothing.
//!
//! Alone because its global allocator is jemalloc.

use qadapt::Qadapt;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOC: Qadapt<Jemalloc> = Qadapt::new(Jemalloc);

#[path = "inner_allocator/checks.rs"]
mod checks;
