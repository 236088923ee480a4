//! A value without an option. The function stays.

use qadapt::no_alloc;

#[no_alloc("voice")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
