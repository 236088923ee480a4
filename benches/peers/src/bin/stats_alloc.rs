//! `stats_alloc`: the counts of the whole process.

use std::alloc::System;
use std::hint::black_box;

use qadapt_peers::{Ways, main_with, pair};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOC: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        counted: Some(|turns| {
            for _ in 0..turns {
                let region = Region::new(ALLOC);
                pair();
                black_box(region.change());
            }
        }),
        ..Ways::default()
    })
}
