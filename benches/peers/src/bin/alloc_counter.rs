//! `alloc_counter`, whose violations panic in the allocator.

use std::hint::black_box;

use alloc_counter::{AllocCounterSystem, allow_alloc, count_alloc, deny_alloc};
use qadapt_peers::{Ways, callbacks, main_with, pair};

#[global_allocator]
static ALLOC: AllocCounterSystem = AllocCounterSystem;

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        region: Some(|turns| (0..turns).for_each(|turn| _ = black_box(deny_alloc(|| turn)))),
        permitted: Some(|turns| (0..turns).for_each(|_| deny_alloc(|| allow_alloc(pair)))),
        counted: Some(|turns| (0..turns).for_each(|_| _ = black_box(count_alloc(pair)))),
        callbacks: Some(|turns| callbacks(turns, |filter, block| deny_alloc(|| filter.process(block)))),
        ..Ways::default()
    })
}
