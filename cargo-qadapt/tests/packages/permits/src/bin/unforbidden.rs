//! Permits in a program none of whose regions forbids them.

use std::hint::black_box;

use qadapt::{allocate_panic, permit_alloc};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[allocate_panic]
fn covered(n: usize) -> usize {
    permit_alloc(|| black_box(vec![n; 5]).len()) + 1
}

fn main() {
    println!("{}", covered(black_box(std::env::args().count())));
}
