//! A path that is none. The function stays.

use qadapt::no_alloc;

#[no_alloc(crate = 5)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
