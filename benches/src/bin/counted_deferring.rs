//! A counted program under the guard around the allocator that defers.

use std::alloc::System;
use std::process::ExitCode;

use qadapt::{Deferring, Qadapt};

#[path = "../counted.rs"]
mod counted;
#[path = "../shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

fn main() -> ExitCode {
    counted::main(shapes::run)
}
