//! The guard around jemalloc.
//!
//! Alone because its global allocator is jemalloc.

use qadapt::Qadapt;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOC: Qadapt<Jemalloc> = Qadapt::new(Jemalloc);

#[path = "inner_allocator/checks.rs"]
mod checks;
