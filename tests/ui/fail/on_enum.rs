//! An attribute on an enum. The enum stays.

use qadapt::no_alloc;

#[no_alloc]
enum Shape {
    Sine,
}

fn main() {
    let _ = Shape::Sine;
}
