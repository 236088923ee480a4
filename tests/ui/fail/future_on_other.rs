//! The option `future` wraps a future, and so the function must say that it returns one.

struct Named;

#[qadapt::allocate_panic(future)]
fn number() -> u8 {
    5
}

#[qadapt::no_alloc(future)]
fn nothing() {}

#[qadapt::permit_alloc(future)]
fn named() -> std::future::Ready<u8> {
    std::future::ready(5)
}

#[qadapt::count_alloc(future)]
fn opaque() -> impl Iterator<Item = u8> {
    0..5
}

impl Named {
    #[qadapt::no_alloc(future)]
    fn perhaps(&self) -> Option<impl Future<Output = u8>> {
        Some(std::future::ready(5))
    }
}

fn main() {
    number();
    nothing();
    drop((named(), opaque(), Named.perhaps()));
}
