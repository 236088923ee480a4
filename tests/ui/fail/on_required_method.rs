//! A required method of a trait has no body. The trait stays.

use qadapt::no_alloc;

trait Voice {
    #[no_alloc]
    fn gain(&self) -> f32;
}

impl Voice for f32 {
    fn gain(&self) -> f32 {
        *self
    }
}

fn main() {
    let _ = Voice::gain(&1.0);
}
