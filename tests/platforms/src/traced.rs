//! What a trace tells of any platform: one region, its calls, and one line that allocates.

use std::hint::black_box;

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::allocate_panic]
fn fills() {
    drop(black_box(Box::new(black_box([0_u8; 16])))); // the line
}

fn main() {
    for _ in 0..3 {
        fills();
    }
}
