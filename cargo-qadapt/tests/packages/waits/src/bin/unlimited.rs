//! Any amount may wait.

use std::alloc::System;

use qadapt::{Deferring, Qadapt};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

fn main() {
    waits::run();
}
