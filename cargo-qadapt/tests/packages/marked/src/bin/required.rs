//! A region that must be proven, and that no code is left of.

use std::hint::black_box;

use qadapt::allocate_panic;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[expect(dead_code, reason = "a region that no code is left of")]
#[allocate_panic(prove)]
fn gone(n: usize) -> usize {
    black_box(vec![n; 3]).len()
}

fn main() {
    println!("{}", black_box(42));
}
