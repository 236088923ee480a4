//! The guard around the guard around the guard: each event counts once.
//!
//! Alone because of its global allocator.

use qadapt::{QADAPT, Qadapt};

#[path = "nested_guard/checks.rs"]
mod checks;

#[global_allocator]
static ALLOC: Qadapt<Qadapt<QADAPT>> = Qadapt::new(Qadapt::new(QADAPT));
