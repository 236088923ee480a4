//! A counted program under the guard, in which C's allocation functions are watched, and Rust's allocations go past them.

use std::process::ExitCode;

use qadapt::Qadapt;
use qadapt_malloc::Direct;

#[path = "../counted.rs"]
mod counted;
#[path = "../shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOC: Qadapt<Direct> = Qadapt::new(Direct);

fn main() -> ExitCode {
    counted::main(shapes::run)
}
