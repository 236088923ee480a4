//! An attribute on a module. Its items stay.

use qadapt::no_alloc;

#[no_alloc]
mod voices {
    pub(super) fn gain() -> f32 {
        1.0
    }
}

fn main() {
    let _ = voices::gain();
}
