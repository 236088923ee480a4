//! A name that is no string. The function stays.

use qadapt::no_alloc;

#[no_alloc(name = voice)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
