//! Two blocks may wait, and others are freed.

use std::alloc::System;

use qadapt::{Amount, Beyond, Deferring, Qadapt};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> =
    Qadapt::new(Deferring::new(System).limit(Amount::of_blocks(2)).beyond(Beyond::Free));

fn main() {
    waits::run();
}
