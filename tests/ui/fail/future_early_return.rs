//! What a `return` hands out past the box at the end would not be watched.

use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = u8>>>;

#[qadapt::allocate_panic]
fn leaves(early: bool) -> Boxed {
    if early {
        return Box::pin(std::future::ready(4));
    }
    Box::pin(async { 5 })
}

#[qadapt::permit_alloc(future)]
fn chooses(early: bool) -> Boxed {
    Box::pin(std::future::ready(if early { return Box::pin(async { 4 }) } else { 5 }))
}

fn main() {
    drop((leaves(true), chooses(true)));
}
