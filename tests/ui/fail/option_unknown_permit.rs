//! An option that does not exist, of the other attribute. The function stays.

use qadapt::permit_alloc;

#[permit_alloc(forbid)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
