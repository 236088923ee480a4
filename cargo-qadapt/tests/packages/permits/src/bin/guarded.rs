//! A guard that makes permits void, wherever it ends.

use std::hint::black_box;

use qadapt::{Policy, allocate_panic, permit_alloc};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[inline(never)]
fn filled(n: usize) -> usize {
    black_box(vec![n; 5]).len()
}

#[inline(never)]
fn opened() -> qadapt::RegionGuard {
    Policy::new().forbid().enter()
}

#[allocate_panic]
fn under_a_guard(n: usize) -> usize {
    let _guard = opened();
    permit_alloc(|| filled(n)) + 1
}

fn main() {
    println!("{}", under_a_guard(black_box(std::env::args().count())));
}
