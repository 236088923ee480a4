//! An attribute on a type alias. The alias stays.

use qadapt::no_alloc;

#[no_alloc]
type Gain = f32;

fn main() {
    let _: Gain = 1.0;
}
