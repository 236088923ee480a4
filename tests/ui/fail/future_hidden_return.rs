//! Nor does a macro get a future past it.

use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = u8>>>;

fn four() -> Boxed {
    Box::pin(async { 4 })
}

macro_rules! leave {
    () => {
        return four()
    };
}

#[qadapt::allocate_panic]
fn leaves(early: bool) -> Boxed {
    if early {
        leave!();
    }
    Box::pin(async { 5 })
}

fn main() {
    drop(leaves(true));
}
