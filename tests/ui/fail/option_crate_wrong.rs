//! A path that leads nowhere: the compiler says so once, where the path is written. The function stays.

use qadapt::no_alloc;

#[no_alloc(crate = renamed)]
fn gain() -> f32 {
    1.0
}

fn main() {
    let _ = gain();
}
