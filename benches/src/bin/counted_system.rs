//! A counted program with an explicit `System`: the bare halves of the shapes that allocate.

use std::alloc::System;
use std::process::ExitCode;

#[path = "../counted.rs"]
mod counted;
#[path = "../shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOC: System = System;

fn main() -> ExitCode {
    counted::main(shapes::run)
}
