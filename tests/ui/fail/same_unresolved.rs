//! Names that do not exist, each said once.

use qadapt::no_alloc;

#[no_alloc]
fn body(x: u32) -> u32 {
    x + missing
}

#[no_alloc]
fn argument(_: Missing) {}

#[no_alloc]
fn output() -> Missing {
    panic!()
}

fn main() {}
