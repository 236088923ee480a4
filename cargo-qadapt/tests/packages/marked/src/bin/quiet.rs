//! Regions that do not allocate, and one that no code is left of.

use std::hint::black_box;

use qadapt::allocate_panic;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[allocate_panic]
fn doubled(n: usize) -> usize {
    black_box(n) * 2
}

#[expect(dead_code, reason = "a region that no code is left of")]
#[allocate_panic]
fn gone(n: usize) -> usize {
    n + 1
}

fn main() {
    println!("{}", doubled(black_box(21)));
}
