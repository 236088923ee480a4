//! An attribute on a macro. The macro stays.

use qadapt::no_alloc;

#[no_alloc]
macro_rules! gain {
    () => {
        1.0
    };
}

fn main() {
    let _ = gain!();
}
