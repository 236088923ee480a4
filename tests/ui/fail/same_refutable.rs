//! A pattern that does not always match.

use qadapt::no_alloc;

#[no_alloc]
fn some(Some(x): Option<u32>) -> u32 {
    x
}

fn main() {}
