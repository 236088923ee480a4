//! `allocation-counter`, which installs its allocator itself.

use std::hint::black_box;

use qadapt_peers::{Ways, main_with, pair};

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        counted: Some(|turns| (0..turns).for_each(|_| _ = black_box(allocation_counter::measure(pair)))),
        ..Ways::default()
    })
}
