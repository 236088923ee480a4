//! A name that is empty. The function stays.

use qadapt::no_alloc;

#[no_alloc(name = "")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
