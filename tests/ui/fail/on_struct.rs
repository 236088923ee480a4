//! An attribute on a struct. The struct stays.

use qadapt::allocate_panic;

#[allocate_panic]
#[derive(Clone)]
pub struct Voice {
    gain: f32,
}

fn main() {
    let _ = Voice { gain: 1.0 }.clone();
}
