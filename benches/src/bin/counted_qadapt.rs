//! A counted program under the guard.

use std::process::ExitCode;

use qadapt::QADAPT;

#[path = "../counted.rs"]
mod counted;
#[path = "../shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() -> ExitCode {
    counted::main(shapes::run)
}
