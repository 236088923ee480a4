//! Two options without a comma. The function stays.

use qadapt::no_alloc;

#[no_alloc(name = "voice" crate = qadapt)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
