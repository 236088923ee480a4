//! Functions inside functions, recursion, and two attributes on one function.

use qadapt::{allocate_panic, no_alloc, permit_alloc};

#[no_alloc]
fn outer(x: u32) -> u32 {
    #[permit_alloc]
    fn inner(x: u32) -> u32 {
        x + 1
    }
    const LIMIT: u32 = 10;
    if x < LIMIT { outer(inner(x)) } else { x }
}

#[no_alloc]
#[allocate_panic(name = "second")]
fn twice(mut x: u32, (_, y): (String, u32)) -> u32 {
    x += y;
    x
}

#[permit_alloc]
#[no_alloc]
async fn opposed(x: u32) -> u32 {
    x
}

fn main() {
    assert_eq!((outer(0), twice(1, (String::new(), 2))), (10, 3));
    drop(opposed(1));
}
