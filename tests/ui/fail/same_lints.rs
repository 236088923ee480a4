//! Lints that the user denied fire at the user's code, once each.

#![deny(unused)]

use qadapt::no_alloc;

#[no_alloc]
pub fn unused_variable(x: u32, (y, _): (u32, u32)) -> u32 {
    let z = 1;
    y
}

#[no_alloc]
pub fn unused_mut(mut x: u32) -> u32 {
    x
}

#[no_alloc]
fn dead_code() {}

#[no_alloc]
pub fn unreachable_code(x: u32) -> u32 {
    return x;
    x + 1
}

#[no_alloc]
pub async fn later(x: u32) -> u32 {
    return 1;
    2
}

#[no_alloc]
#[must_use]
pub fn must_use() -> u32 {
    1
}

#[no_alloc]
pub fn unused_must_use() {
    must_use();
}

pub struct Voice;

impl Voice {
    #[no_alloc]
    pub fn unused_mut_self(mut self, x: u32) {}
}

fn main() {}
