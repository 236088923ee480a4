//! A name without a value. The function stays.

use qadapt::allocate_panic;

#[allocate_panic(name)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
