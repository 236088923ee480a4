//! A box that nobody keeps: a build without the checks has none, one with the checks may.

use std::hint::black_box;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[qadapt::allocate_panic]
#[inline(never)]
fn unkept(price: f64, highest: &mut f64) {
    let _ = Box::new(price);
    *highest = highest.max(price);
}

fn main() {
    let mut highest = 0.0;
    unkept(black_box(101.25), &mut highest);
    black_box(highest);
}
