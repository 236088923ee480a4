//! Two arguments of one name.

use qadapt::no_alloc;

#[no_alloc]
fn plain(x: u32, x: u32) -> u32 {
    x
}

#[no_alloc]
fn in_a_pattern((x, _): (u32, u32), x: u32) -> u32 {
    x
}

fn main() {}
