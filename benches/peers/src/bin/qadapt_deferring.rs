//! QADAPT over deferred frees.

use std::alloc::System;

use qadapt::{Deferring, Qadapt};
use qadapt_peers::{Ways, main_with};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

fn main() -> std::process::ExitCode {
    main_with(&Ways::default())
}
