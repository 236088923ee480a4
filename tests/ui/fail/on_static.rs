//! An attribute on a static. The static stays.

use qadapt::no_alloc;

#[no_alloc]
static GAIN: f32 = 1.0;

fn main() {
    let _ = GAIN;
}
