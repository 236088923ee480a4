//! A future can be wrapped inside its box only where it is boxed.

use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = u8>>>;

fn five() -> Boxed {
    Box::pin(std::future::ready(5))
}

#[qadapt::allocate_panic(future)]
fn passes_on() -> Boxed {
    five()
}

fn main() {
    drop(passes_on());
}
