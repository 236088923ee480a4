//! heapscope, with and without its profiler running.

use std::mem::forget;
use std::sync::Once;

use workload::{Ways, main_with, pair};

#[expect(unused_imports, reason = "other programs have more ways")]
#[path = "../../../src/lib.rs"]
mod workload;

#[global_allocator]
static ALLOC: heapscope::Alloc = heapscope::Alloc::system();

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        recorded: Some(|turns| {
            // A process can have one, once.
            static STARTED: Once = Once::new();
            STARTED.call_once(|| {
                forget(heapscope::Profiler::builder().no_output().build().expect("the only one"));
            });
            (0..turns).for_each(|_| pair());
        }),
        ..Ways::default()
    })
}
