//! A region cannot be opened at compile time. The function stays what it was.

use qadapt::no_alloc;

#[no_alloc]
const fn doubled(x: u32) -> u32 {
    x * 2
}

fn main() {
    const FOUR: u32 = doubled(2);
    assert_eq!(FOUR, 4);
}
