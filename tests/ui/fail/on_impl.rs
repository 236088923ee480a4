//! An attribute on an impl block. The methods stay.

use qadapt::no_alloc;

struct Voice;

#[no_alloc]
impl Voice {
    fn gain(&self) -> f32 {
        1.0
    }
}

fn main() {
    let _ = Voice.gain();
}
