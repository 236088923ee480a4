//! An attribute on a macro call. What the macro defines stays.

use qadapt::no_alloc;

macro_rules! define {
    ($name:ident) => {
        struct $name;
    };
}

#[no_alloc]
define! { Voice }

fn main() {
    let _ = Voice;
}
