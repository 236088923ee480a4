//! dhat, with and without its profiler running.

use qadapt_peers::{Ways, main_with, pair};

#[global_allocator]
static ALLOC: dhat::Alloc = dhat::Alloc;

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        recorded: Some(|turns| {
            // In testing mode nothing is written at the end.
            let _profiler = dhat::Profiler::builder().testing().build();
            (0..turns).for_each(|_| pair());
        }),
        ..Ways::default()
    })
}
