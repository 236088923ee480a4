//! An attribute on a constant. The constant stays.

use qadapt::no_alloc;

#[no_alloc]
const GAIN: f32 = 1.0;

fn main() {
    let _ = GAIN;
}
