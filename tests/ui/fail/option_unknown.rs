//! An option that does not exist. The function stays.

use qadapt::no_alloc;

#[no_alloc(nmae = "voice")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
