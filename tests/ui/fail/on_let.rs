//! An attribute on a statement, which the compiler does not want either. The statement stays.

use qadapt::no_alloc;



fn main() {
    #[no_alloc]
    let gain = 1.0;
    let _ = gain;
}
