//! A counted program under the guard, in which C's allocation functions are watched, too.

use std::process::ExitCode;

use qadapt::QADAPT;
use qadapt_malloc as _;

#[path = "../counted.rs"]
mod counted;
#[path = "../shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() -> ExitCode {
    counted::main(shapes::run)
}
