//! An attribute on an extern block. The block stays.

use qadapt::no_alloc;

#[no_alloc]
unsafe extern "C" {
    safe fn abs(x: i32) -> i32;
}

fn main() {
    let _ = abs(-1);
}
