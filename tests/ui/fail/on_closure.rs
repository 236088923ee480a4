//! An attribute on a closure, which the compiler does not want either. The closure stays.

use qadapt::permit_alloc;



fn main() {
    let double = #[permit_alloc]
    |x: f32| x * 2.0;
    let _ = double(1.0);
}
