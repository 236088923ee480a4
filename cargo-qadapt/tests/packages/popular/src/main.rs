//! Regions over published crates and std: prints `name expectation allocations frees` for each, as counted over its runs.
#[macro_use]
mod measure;
mod fmt;
mod hash;
mod math;
mod queue;
mod search;
mod shared;
mod text;
mod vecs;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    for (group, cases) in [
        ("search", search::all()),
        ("vecs", vecs::all()),
        ("queue", queue::all()),
        ("shared", shared::all()),
        ("hash", hash::all()),
        ("math", math::all()),
        ("text", text::all()),
        ("fmt", fmt::all()),
    ] {
        for case in cases {
            let seen = (case.run)();
            println!("{group}::{} {:?} {} {}", case.name, case.expect, seen.0, seen.1);
        }
    }
}
