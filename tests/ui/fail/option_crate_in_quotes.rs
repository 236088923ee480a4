//! A path in quotes. The function stays.

use qadapt::no_alloc;

#[no_alloc(crate = "qadapt")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
