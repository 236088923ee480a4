//! An option that is given twice. The function stays.

use qadapt::no_alloc;

#[no_alloc(name = "voice", crate = qadapt, name = "other")]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
