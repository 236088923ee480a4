//! A crate with one fault for the compiler and one for clippy: the checks of the other crates find both.

use qadapt::no_alloc;

#[no_alloc]
pub fn unused_variable(x: u32) {}

#[no_alloc]
pub fn no_must_use(x: u32) -> u32 {
    x
}
