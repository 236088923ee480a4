//! An attribute on a trait. The trait stays.

use qadapt::no_alloc;

#[no_alloc]
pub unsafe trait Voice {
    fn gain(&self) -> f32;
}

fn main() {
    let _: Option<&dyn Voice> = None;
}
