//! A crate with one fault for the compiler and one for clippy: what the other crates are checked with finds both.

use qadapt::no_alloc;

#[no_alloc]
pub fn unused_variable(x: u32) {}

#[no_alloc]
pub fn needless_return(x: u32) -> u32 {
    return x;
}
