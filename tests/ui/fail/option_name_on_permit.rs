//! A name for a permit, which is no region. The function stays.

use qadapt::permit_alloc;

#[permit_alloc(name = "voice")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
