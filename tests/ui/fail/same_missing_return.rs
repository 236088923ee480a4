//! A body without the value that the function promises.

use qadapt::no_alloc;

#[no_alloc]
fn plain() -> u32 {
    let _x = 1;
}

#[no_alloc]
fn branch(x: u32) -> u32 {
    if x > 1 {
        return 1;
    }
}

#[no_alloc]
async fn later(x: u32) -> u32 {
    let _y = x;
}

fn main() {}
